import type { Rng } from '@selfsup/core';
import type { Rows } from './rows-dataset.ts';

/** Decoded clips, as {@link VideoDataset.readClips} gives them. */
export interface ClipPixels extends Rows {
  /** `[n, clipLength, height, width, channels]` row-major, 0 … 255. */
  readonly pixels: Uint8Array;
  /** `[n, clipLength, height, width, channels]`. */
  readonly shape: readonly [number, number, number, number, number];
  /** `[n]`: which videos these clips are of. Fewer than were asked for when a frame could not be decoded. */
  readonly indices: Int32Array;
}

/** A set of videos of one size, from which clips of a fixed number of frames are read at random places. */
export interface VideoDataset {
  /** What it is called in logs. */
  readonly name: string;
  /** How many videos. */
  readonly length: number;
  /** Frames in a clip. */
  readonly clipLength: number;
  /** Rows of pixels in a frame. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** 1 (gray) or 3 (RGB). */
  readonly channels: number;
  /**
   * Reads a clip of each of some videos.
   *
   * @param indices which videos, each in 0 … length − 1
   * @param rng chooses where the clip of video i lies, by `rng.fold(i)`: the same stream gives the same clips
   * @returns the frames in the order in which they were filmed
   */
  readClips(indices: ArrayLike<number>, rng: Rng): Promise<ClipPixels>;
}

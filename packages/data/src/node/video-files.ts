import { SelfsupError } from '@selfsup/core';
import { availableParallelism } from 'node:os';
import { checkIndices } from '../check-indices.ts';
import type { ImagePixels } from '../image-dataset.ts';
import { sidesOf, type ImageSize } from '../image-size.ts';
import { reasonOf } from './decode-image.ts';
import { decodeFrames, type DecodeFramesOptions } from './ffmpeg.ts';
import { inParallel } from './in-parallel.ts';
import type { SkippedImage } from './photo-images.ts';

/** How video files are read. */
export interface VideoFileOptions {
  /** Frames of a second of a video file, evenly spaced; default 8, > 0. */
  framesPerSecond?: number;
  /** The program that decodes video files; default `ffmpeg` on the PATH. */
  ffmpeg?: string;
}

/** Options of {@link readVideoFiles}. */
export interface ReadVideoFilesOptions extends VideoFileOptions {
  readonly imageSize?: ImageSize | undefined;
  /** Bytes of frames that are kept. */
  readonly cacheBytes: number;
  /** Called as files have been decoded. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Called once for each file that cannot be decoded. */
  readonly onSkip?: (skipped: SkippedImage) => void;
}

/** The frames of video files. */
export interface VideoFrames {
  /** `[height, width]` of a frame; RGB. */
  readonly size: readonly [height: number, width: number];
  /** The files that could be decoded, in the order that was given, with how many frames each has. */
  readonly videos: readonly { readonly path: string; readonly frames: number }[];
  /** What could not be decoded so far. */
  readonly skipped: readonly SkippedImage[];
  /** Reads frames by number, all files' in a row, without those that cannot be decoded any more. */
  read(indices: ArrayLike<number>): Promise<ImagePixels>;
}

/** Throws on an option out of range, and fills in the defaults. */
export function checkVideoFiles(
  who: string,
  { framesPerSecond = 8, ffmpeg }: VideoFileOptions,
): VideoFileOptions & { framesPerSecond: number } {
  if (!(framesPerSecond > 0 && framesPerSecond <= 1000))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`framesPerSecond\` must be in (0, 1000], got ${framesPerSecond}`);
  return { framesPerSecond, ...(ffmpeg !== undefined && { ffmpeg }) };
}

/** What is known of a file: how many frames it has, and the first of them as far as they are kept. */
interface Decoded {
  readonly frames: number;
  readonly kept: readonly Uint8Array[];
}

/**
 * Decodes video files once, to count their frames, and keeps the frames of the first files up to a number of bytes; others are decoded again when they are read,
 * from the start of their file to the last frame that is wanted.
 *
 * @param paths the files
 * @param options see {@link ReadVideoFilesOptions}
 * @returns the frames of those that could be decoded
 * @throws SelfsupError `SELFSUP_DATA` when there is no program to decode them, `SELFSUP_OPTION` on an option out of range
 * @remarks Which frames are kept depends on the order of the files alone, and what is read on nothing of that.
 */
export async function readVideoFiles(paths: readonly string[], options: ReadVideoFilesOptions): Promise<VideoFrames> {
  const { cacheBytes, onProgress, onSkip } = options;
  const size = sidesOf(options.imageSize ?? 64, 'openVideos');
  const { framesPerSecond, ffmpeg } = checkVideoFiles('openVideos', options);
  const how = { size, framesPerSecond, ffmpeg } satisfies DecodeFramesOptions;
  const frameBytes = size[0] * size[1] * 3;
  const atOnce = Math.max(1, Math.min(8, availableParallelism()));
  const skipped: SkippedImage[] = [];
  const skip = (path: string, error: unknown) => {
    if (error instanceof SelfsupError) throw error; // no fault of the file
    if (skipped.some((known) => known.path === path)) return;
    const skip = { path, reason: reasonOf(error) };
    skipped.push(skip);
    onSkip?.(skip);
  };

  // files share the room evenly while they are decoded side by side, so that what is kept does not depend on which ends first
  const decoded: (Decoded | undefined)[] = [];
  let [room, done] = [Math.floor(cacheBytes / frameBytes), 0];
  for (let first = 0; first < paths.length; first += atOnce) {
    const group = paths.slice(first, first + atOnce);
    const share = Math.floor(room / group.length);
    await inParallel(group.length, async (i) => {
      const kept: Uint8Array[] = [];
      let frames = 0;
      try {
        for await (const frame of decodeFrames(group[i]!, how)) if (frames++ < share) kept.push(frame);
        if (frames === 0) throw new Error('it has no frames');
        decoded[first + i] = { frames, kept };
      } catch (error) {
        skip(group[i]!, error);
      }
      onProgress?.({ done: ++done, total: paths.length });
    });
    for (let i = first; i < first + group.length; i++) room -= decoded[i]?.kept.length ?? 0;
  }
  skipped.sort((a, b) => (a.path < b.path ? -1 : 1)); // files finish in any order
  const files = paths.flatMap((path, i) => (decoded[i] ? [{ path, ...decoded[i] }] : []));
  let total = 0;
  const starts = files.map(({ frames }) => (total += frames) - frames);
  /** The file that a frame is of: the last one that starts at or before it. */
  const fileOf = (frame: number): number => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= frame) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  return {
    size,
    videos: files.map(({ path, frames }) => ({ path, frames })),
    skipped,
    async read(indices) {
      checkIndices('openVideos', indices, total);
      const wanted = Array.from(indices, (index) => {
        const file = fileOf(index);
        return { file, frame: index - starts[file]! };
      });
      const found = wanted.map(({ file, frame }) => files[file]!.kept[frame]);
      const missing = new Map<number, Set<number>>(); // frames by file
      wanted.forEach(({ file, frame }, i) => {
        if (!found[i]) missing.set(file, (missing.get(file) ?? new Set()).add(frame));
      });
      const todo = [...missing];
      await inParallel(
        todo.length,
        async (at) => {
          const [file, frames] = todo[at]!;
          const path = files[file]!.path;
          const last = Math.max(...frames);
          let frame = 0;
          try {
            for await (const pixels of decodeFrames(path, { ...how, most: last + 1 })) {
              if (frames.has(frame))
                for (const [i, one] of wanted.entries()) if (one.file === file && one.frame === frame) found[i] = pixels;
              frame++;
            }
            if (frame <= last) throw new Error(`it had ${files[file]!.frames} frames, and now has ${frame}`);
          } catch (error) {
            skip(path, error);
          }
        },
        atOnce,
      );
      const present = Array.from(found.keys()).filter((i) => found[i]);
      const pixels = new Uint8Array(present.length * frameBytes);
      present.forEach((i, row) => {
        pixels.set(found[i]!, row * frameBytes);
      });
      return { pixels, shape: [present.length, ...size, 3], indices: Int32Array.from(present, (i) => indices[i]!) };
    },
  };
}

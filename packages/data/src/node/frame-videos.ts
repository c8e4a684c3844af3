import { drawUniform, printable, SelfsupError, type Rng } from '@selfsup/core';
import { dirname } from 'node:path';
import { checkIndices } from '../check-indices.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { subset } from '../subset.ts';
import type { VideoDataset } from '../video-dataset.ts';
import type { PhotoList } from './list-photos.ts';
import type { VideoFile } from './list-videos.ts';
import { photoImages, type ImageFolderOptions, type PhotoDataset, type SkippedImage } from './photo-images.ts';
import type { UnusedKind } from './unused-files.ts';

/** Which frames make a clip. */
export interface ClipOptions {
  /** Frames in a clip; default 4, an integer ≥ 2. */
  clipLength?: number;
  /** From one frame of a clip to the next: one number or the least and the greatest, drawn for each clip; default 1, integers ≥ 1. */
  stride?: number | readonly [number, number];
}

/** A data set of videos that also tells what was left out. */
export interface FrameDataset extends VideoDataset {
  /** Frames that could not be decoded, and videos that are too short. */
  readonly skipped: readonly SkippedImage[];
  /** The files of the folder that are not used, by kind. */
  readonly unused: readonly UnusedKind[];
  /** `[length]`: the folder of each video. */
  readonly paths: readonly string[];
  /** `[length]`: its frames. */
  readonly frameCounts: readonly number[];
  /** `[length]`: the frame in the middle of each video, with the class of the video where each has one. */
  readonly stills: ImageDataset & Pick<PhotoDataset, 'paths'>;
}

/** Checked {@link ClipOptions}. */
export interface Clip {
  readonly length: number;
  readonly strides: readonly [number, number];
}

/** Checks {@link ClipOptions} and fills in the defaults. */
export function checkClip(who: string, { clipLength = 4, stride = 1 }: ClipOptions): Clip {
  const strides = typeof stride === 'number' ? ([stride, stride] as const) : stride;
  if (!Number.isSafeInteger(clipLength) || clipLength < 2)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`clipLength\` must be an integer >= 2, got ${clipLength}`);
  if (!strides.every(Number.isSafeInteger) || !(1 <= strides[0] && strides[0] <= strides[1]))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`stride\` must be an integer >= 1 or [least, greatest] of such, got [${strides.join(', ')}]`,
    );
  return { length: clipLength, strides };
}

/** Positions of the frames of each folder, in their order. */
function byFolder(paths: readonly string[]): [folder: string, frames: number[]][] {
  const groups = new Map<string, number[]>();
  paths.forEach((path, i) => {
    const group = groups.get(dirname(path));
    if (group) group.push(i);
    else groups.set(dirname(path), [i]);
  });
  return [...groups];
}

/** Which frames of a video of `frames` make its clip: a stride among those that fit, then a start. */
function drawClip(frames: number, clip: Clip, rng: Rng): number[] {
  const { length, strides } = clip;
  const longest = Math.min(strides[1], Math.floor((frames - 1) / (length - 1)));
  const [first, second] = drawUniform(rng, 2) as unknown as [number, number];
  const stride = strides[0] + Math.floor(first * (longest - strides[0] + 1));
  const start = Math.floor(second * (frames - (length - 1) * stride));
  return Array.from({ length }, (_, k) => start + k * stride);
}

/**
 * Decodes the frames of listed videos into the cache and makes a data set of the videos that are long enough.
 *
 * @param list the videos and their classes
 * @param name what the data set is called
 * @param options which frames make a clip, and those of `imageFolder`
 * @returns the data set
 * @throws SelfsupError as `frameFolders`
 */
export async function frameVideos(
  list: PhotoList<VideoFile>,
  name: string,
  options: ImageFolderOptions & { clip: Clip; unused?: readonly UnusedKind[] },
): Promise<FrameDataset> {
  const { clip, onSkip } = options;
  const files = list.files.flatMap(({ frames }) => frames.map((path) => ({ path, label: undefined })));
  const frames = await photoImages({ files, classNames: undefined }, name, options);
  const needed = (clip.length - 1) * clip.strides[0] + 1;
  const short: SkippedImage[] = [];
  const videos = byFolder(frames.paths).filter(([folder, { length }]) => {
    if (length >= needed) return true;
    const skip = { path: folder, reason: `has ${length} frames, and a clip needs ${needed}` };
    short.push(skip);
    onSkip?.(skip);
    return false;
  });
  if (videos.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `frameFolders: a video must have at least ${needed} frames, but not one of the ${short.length} folders of ${printable(name)} has; use shorter clips or a smaller stride`,
    );
  return {
    ...videoDataset(frames, videos, clip),
    get skipped() {
      return [...frames.skipped, ...short];
    },
    unused: frames.unused,
    paths: videos.map(([folder]) => folder),
    frameCounts: videos.map(([, { length }]) => length),
    stills: stillsOf(frames, videos, list),
  };
}

function stillsOf(
  frames: PhotoDataset,
  videos: readonly (readonly [string, readonly number[]])[],
  list: PhotoList,
): FrameDataset['stills'] {
  const middles = videos.map(([, positions]) => positions[Math.floor(positions.length / 2)]!);
  const labelOf = new Map(list.files.map(({ path, label }) => [path, label]));
  return {
    ...subset(frames, middles),
    paths: middles.map((position) => frames.paths[position]!),
    ...(list.classNames && { labels: Int32Array.from(videos, ([folder]) => labelOf.get(folder)!), classNames: list.classNames }),
  };
}

function videoDataset(frames: PhotoDataset, videos: readonly (readonly [string, readonly number[]])[], clip: Clip): VideoDataset {
  const { name, height, width, channels } = frames;
  return {
    name,
    length: videos.length,
    clipLength: clip.length,
    height,
    width,
    channels,
    async readClips(indices, rng) {
      checkIndices(`${name}.readClips`, indices, { length: videos.length, unit: 'videos' });
      const wanted = Array.from(indices, (video) => {
        const all = videos[video]![1];
        return drawClip(all.length, clip, rng.fold(video)).map((frame) => all[frame]!);
      });
      const read = await frames.read(wanted.flat());
      const clipBytes = clip.length * height * width * channels;
      const pixels = new Uint8Array(wanted.length * clipBytes);
      const complete: number[] = [];
      let row = 0;
      wanted.forEach((clipFrames, i) => {
        const from = row;
        for (const frame of clipFrames) if (read.indices[row] === frame) row++; // a frame that broke since is not there
        if (row - from < clip.length) return;
        pixels.set(read.pixels.subarray((from * clipBytes) / clip.length, (row * clipBytes) / clip.length), complete.length * clipBytes);
        complete.push(indices[i]!);
      });
      const shape = [complete.length, clip.length, height, width, channels] as const;
      return { pixels: pixels.slice(0, complete.length * clipBytes), shape, indices: Int32Array.from(complete) };
    },
  };
}

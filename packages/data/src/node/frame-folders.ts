import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import { basename, dirname, resolve } from 'node:path';
import { checkIndices } from '../check-indices.ts';
import type { VideoDataset } from '../video-dataset.ts';
import { listPhotos } from './list-photos.ts';
import { photoImages, type ImageFolderOptions, type PhotoDataset, type SkippedImage } from './photo-images.ts';

/** Options of {@link frameFolders}. */
export interface FrameFoldersOptions extends ImageFolderOptions {
  /** Frames in a clip; default 4, an integer ≥ 2. */
  clipLength?: number;
  /** From one frame of a clip to the next: one number or the least and the greatest, drawn for each clip; default 1, integers ≥ 1. */
  stride?: number | readonly [number, number];
}

/** A data set of videos that also tells what was left out. */
export interface FrameDataset extends VideoDataset {
  /** Frames that could not be decoded, and videos that are too short. */
  readonly skipped: readonly SkippedImage[];
  /** `[length]`: the folder of each video. */
  readonly paths: readonly string[];
  /** `[length]`: its frames. */
  readonly frameCounts: readonly number[];
}

const naturally = new Intl.Collator('en', { numeric: true }).compare; // frame 2 before frame 10

/** Positions of the frames of each folder, folders and frames in natural order. */
function byFolder(paths: readonly string[]): [folder: string, frames: number[]][] {
  const groups = new Map<string, number[]>();
  paths.forEach((path, i) => {
    const group = groups.get(dirname(path));
    if (group) group.push(i);
    else groups.set(dirname(path), [i]);
  });
  return [...groups].sort(([a], [b]) => naturally(a, b));
}

/** Which frames of a video of `frames` make its clip: a stride among those that fit, then a start. */
function drawClip(frames: number, clip: { length: number; strides: readonly [number, number] }, rng: Rng): number[] {
  const { length, strides } = clip;
  const longest = Math.min(strides[1], Math.floor((frames - 1) / (length - 1)));
  const [first, second] = drawUniform(rng, 2) as unknown as [number, number];
  const stride = strides[0] + Math.floor(first * (longest - strides[0] + 1));
  const start = Math.floor(second * (frames - (length - 1) * stride));
  return Array.from({ length }, (_, k) => start + k * stride);
}

/**
 * Opens videos given as folders of frames: every folder with pictures in it, at any depth, is a video, its files in natural order its frames.
 *
 * @param path the folder of the folders
 * @param options `clipLength` (4) and `stride` (1), and those of `imageFolder`: `imageSize` (64), `onSkip`, `onProgress`, `cacheBytes` (1 GiB)
 * @returns the data set, RGB. A frame that cannot be decoded is left out of its video, and a video that is too short for a clip of the least stride is left
 * out; both are told to `onSkip` and listed in `skipped`
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, no readable picture in it, or no video is long enough; `SELFSUP_OPTION` on an option out of
 * range
 * @remarks Natural order: `frame2.png` comes before `frame10.png`. Frames are resized and cropped as photos are.
 * @example
 * ```ts
 * import { frameFolders } from '@selfsup/data/node';
 * const videos = await frameFolders('videos', { imageSize: 64, clipLength: 4, stride: [1, 3] });
 * console.log(videos.length, videos.frameCounts, videos.skipped);
 * ```
 */
export async function frameFolders(path: string, options: FrameFoldersOptions = {}): Promise<FrameDataset> {
  const { clipLength = 4, stride = 1, onSkip } = options;
  const strides = typeof stride === 'number' ? ([stride, stride] as const) : stride;
  if (!Number.isSafeInteger(clipLength) || clipLength < 2)
    throw new SelfsupError('SELFSUP_OPTION', `frameFolders: \`clipLength\` must be an integer >= 2, got ${clipLength}`);
  if (!strides.every(Number.isSafeInteger) || !(1 <= strides[0] && strides[0] <= strides[1]))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `frameFolders: \`stride\` must be an integer >= 1 or [least, greatest] of such, got [${strides.join(', ')}]`,
    );
  const list = await listPhotos(path, { who: 'frameFolders' });
  const files = list.files.map((file) => ({ ...file, label: undefined })).sort((a, b) => naturally(a.path, b.path));
  const frames = await photoImages({ files, classNames: undefined }, basename(resolve(path)), options);
  const needed = (clipLength - 1) * strides[0] + 1;
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
      `frameFolders: a video must have at least ${needed} frames, but not one of the ${short.length} folders in ${path} has; use shorter clips or a smaller stride`,
    );
  return {
    ...videoDataset(frames, videos, { length: clipLength, strides }),
    get skipped() {
      return [...frames.skipped, ...short];
    },
    paths: videos.map(([folder]) => folder),
    frameCounts: videos.map(([, { length }]) => length),
  };
}

function videoDataset(
  frames: PhotoDataset,
  videos: readonly (readonly [string, readonly number[]])[],
  clip: { length: number; strides: readonly [number, number] },
): VideoDataset {
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

import { drawUniform, printable, SelfsupError, type Rng } from '@selfsup/core';
import { dirname } from 'node:path';
import { checkIndices } from '../check-indices.ts';
import type { ImageDataset, ImagePixels } from '../image-dataset.ts';
import { sidesOf } from '../image-size.ts';
import { subset } from '../subset.ts';
import type { VideoDataset } from '../video-dataset.ts';
import type { PhotoList } from './list-photos.ts';
import type { VideoFile } from './list-videos.ts';
import { photoImages, type ImageFolderOptions, type PhotoDataset, type SkippedImage } from './photo-images.ts';
import type { UnusedKind } from './unused-files.ts';
import { readVideoFiles, type VideoFileOptions } from './video-files.ts';

/** Which frames make a clip. */
export interface ClipOptions {
  /** Frames in a clip; default 4, an integer ≥ 2. */
  clipLength?: number;
  /** From one frame of a clip to the next: one number or the least and the greatest, drawn for each clip; default 1, integers ≥ 1. */
  stride?: number | readonly [number, number];
  /** Clips of each video in an epoch, each from a part of its own of the video, as far as it is long enough; default 1, an integer ≥ 1. */
  clipsPerVideo?: number;
}

/** A data set of videos that also tells what was left out. */
export interface FrameDataset extends VideoDataset {
  /** Frames and files that could not be decoded, and videos that are too short. */
  readonly skipped: readonly SkippedImage[];
  /** The files of the folder that are not used, by kind. */
  readonly unused: readonly UnusedKind[];
  /** `[length]`: the folder or file of each video; with several clips of a video there are as many rows of it. */
  readonly paths: readonly string[];
  /** `[length]`: its frames, or those of its part. */
  readonly frameCounts: readonly number[];
  /** `[length]`: the frame in the middle of each video, with the class of the video where each has one. */
  readonly stills: ImageDataset & Pick<PhotoDataset, 'paths'>;
}

/** Checked {@link ClipOptions}. */
export interface Clip {
  readonly length: number;
  readonly strides: readonly [number, number];
  readonly perVideo: number;
}

/** Checks {@link ClipOptions} and fills in the defaults. */
export function checkClip(who: string, { clipLength = 4, stride = 1, clipsPerVideo = 1 }: ClipOptions): Clip {
  const strides = typeof stride === 'number' ? ([stride, stride] as const) : stride;
  if (!Number.isSafeInteger(clipLength) || clipLength < 2)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`clipLength\` must be an integer >= 2, got ${clipLength}`);
  if (!strides.every(Number.isSafeInteger) || !(1 <= strides[0] && strides[0] <= strides[1]))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`stride\` must be an integer >= 1 or [least, greatest] of such, got [${strides.join(', ')}]`,
    );
  if (!Number.isSafeInteger(clipsPerVideo) || clipsPerVideo < 1)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`clipsPerVideo\` must be an integer >= 1, got ${clipsPerVideo}`);
  return { length: clipLength, strides, perVideo: clipsPerVideo };
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

/** A stretch of a video: where it comes from, where its frames are in the source, and what its still is called. */
interface Stretch {
  readonly path: string;
  readonly positions: readonly number[];
  readonly stillPath: (frame: number) => string;
}

/** All frames of all videos in a row, pictures first. */
interface FrameSource extends Omit<ImageDataset, 'labels' | 'classNames'> {
  /** By the path of the video. */
  readonly videos: ReadonlyMap<string, Stretch>;
  readonly skipped: () => readonly SkippedImage[];
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Two sources of frames as one, `first` before `second`. */
async function readBoth(
  indices: ArrayLike<number>,
  { first, second, border }: Readonly<Record<'first' | 'second', Pick<ImageDataset, 'read'>>> & { readonly border: number },
): Promise<ImagePixels> {
  const all = Array.from(indices);
  const parts = await Promise.all([
    first.read(all.filter((index) => index < border)),
    second.read(all.filter((index) => index >= border).map((index) => index - border)),
  ]);
  const [, ...size] = parts[0].shape;
  const bytes = size[0] * size[1] * size[2];
  const next = [0, 0];
  const rows: Uint8Array[] = [];
  const found: number[] = [];
  for (const index of all) {
    const of = index < border ? 0 : 1;
    const { pixels, indices: read } = parts[of];
    if (read[next[of]!] !== index - of * border) continue; // it is not there any more
    rows.push(pixels.subarray(next[of]! * bytes, (next[of]! + 1) * bytes));
    found.push(index);
    next[of]!++;
  }
  const pixels = new Uint8Array(rows.length * bytes);
  for (const [i, row] of rows.entries()) pixels.set(row, i * bytes);
  return { pixels, shape: [rows.length, ...size], indices: Int32Array.from(found) };
}

type OpenOptions = ImageFolderOptions & VideoFileOptions & { readonly clip: Clip; readonly unused?: readonly UnusedKind[] };

/** Decodes pictures and files, as far as there is room for their frames. */
async function openFrames(list: PhotoList<VideoFile>, name: string, options: OpenOptions): Promise<FrameSource> {
  const { cacheBytes = 2 ** 30, imageSize = 64, channels = 3, framesPerSecond = 8, onProgress } = options;
  const [height, width] = sidesOf(imageSize, 'imageFolder');
  const pictures = list.files.flatMap(({ frames = [] }) => frames.map((path) => ({ path, label: undefined })));
  const files = list.files.flatMap(({ path, frames }) => (frames ? [] : [path]));
  if (files.length > 0 && channels !== 3)
    throw new SelfsupError('SELFSUP_OPTION', `frameFolders: \`channels\` must be 3, those of video files, got ${channels}`);
  const total = pictures.length + files.length;
  const counting = (before: number) =>
    onProgress && {
      onProgress: ({ done }: { done: number }) => {
        onProgress({ done: before + done, total });
      },
    };
  const photos =
    pictures.length > 0 ? await photoImages({ files: pictures, classNames: undefined }, name, { ...options, ...counting(0) }) : undefined;
  const room = Math.max(0, cacheBytes - pictures.length * height * width * channels);
  const decoded =
    files.length > 0 ? await readVideoFiles(files, { ...options, cacheBytes: room, ...counting(pictures.length) }) : undefined;
  const videos = new Map<string, Stretch>();
  for (const [folder, positions] of byFolder(photos?.paths ?? []))
    videos.set(folder, { path: folder, positions, stillPath: (frame) => photos!.paths[frame]! });
  const border = photos?.length ?? 0;
  let length = border;
  for (const { path, frames } of decoded?.videos ?? []) {
    const from = length;
    // as the standard of media fragments has it
    const stillPath = (frame: number) => `${path}#t=${Number(((frame - from) / framesPerSecond).toFixed(3))}`;
    videos.set(path, { path, positions: range(from, frames), stillPath });
    length += frames;
  }
  const none: Pick<ImageDataset, 'read'> = {
    read: () => Promise.resolve({ pixels: new Uint8Array(0), shape: [0, height, width, channels], indices: new Int32Array(0) }),
  };
  return {
    name,
    length,
    height,
    width,
    channels,
    videos,
    skipped: () => [...(photos?.skipped ?? []), ...(decoded?.skipped ?? [])],
    read: (indices) => readBoth(indices, { first: photos ?? none, second: decoded ?? none, border }),
  };
}

/** As many parts of a video as clips are wanted of it, or as are long enough for one. */
function partsOf(video: Stretch, { needed, perVideo }: { needed: number; perVideo: number }): Stretch[] {
  const { positions } = video;
  const count = Math.min(perVideo, Math.floor(positions.length / needed));
  const border = (part: number) => Math.floor((part * positions.length) / count);
  return range(0, count).map((part) => ({ ...video, positions: positions.slice(border(part), border(part + 1)) }));
}

/**
 * Decodes the frames of listed videos into the cache and makes a data set of the videos that are long enough.
 *
 * @param list the videos and their classes
 * @param name what the data set is called
 * @param options which frames make a clip, and those of `imageFolder` and `readVideoFiles`
 * @returns the data set
 * @throws SelfsupError as `frameFolders`
 */
export async function frameVideos(list: PhotoList<VideoFile>, name: string, options: OpenOptions): Promise<FrameDataset> {
  const { clip, onSkip, unused = [] } = options;
  const frames = await openFrames(list, name, options);
  const needed = (clip.length - 1) * clip.strides[0] + 1;
  const short: SkippedImage[] = [];
  const labels: number[] = [];
  const stretches = list.files.flatMap(({ path, label }) => {
    const video = frames.videos.get(path);
    if (!video) return []; // not one of its frames could be decoded
    const parts = partsOf(video, { needed, perVideo: clip.perVideo });
    if (parts.length === 0) {
      const skip = { path, reason: `has ${video.positions.length} frames, and a clip needs ${needed}` };
      short.push(skip);
      onSkip?.(skip);
    }
    labels.push(...parts.map(() => label!));
    return parts;
  });
  if (stretches.length === 0) {
    const broken = frames.skipped();
    const denser = list.files.some(({ frames }) => !frames) ? ', or more `framesPerSecond`' : ''; // of video files alone
    throw new SelfsupError(
      'SELFSUP_DATA',
      frames.videos.size === 0
        ? `frameFolders: not one of the ${broken.length} videos of ${printable(name)} can be decoded, the first one because: ${broken[0]!.reason}; check the files`
        : `frameFolders: a video must have at least ${needed} frames, but not one of the ${short.length} videos of ${printable(name)} has; use shorter clips, or a smaller stride${denser}`,
    );
  }
  const middles = stretches.map(({ positions }) => positions[Math.floor(positions.length / 2)]!);
  return {
    ...videoDataset(frames, stretches, clip),
    get skipped() {
      return [...frames.skipped(), ...short];
    },
    unused,
    paths: stretches.map(({ path }) => path),
    frameCounts: stretches.map(({ positions }) => positions.length),
    stills: {
      ...subset(frames, middles),
      paths: stretches.map(({ stillPath }, i) => stillPath(middles[i]!)),
      ...(list.classNames && { labels: Int32Array.from(labels), classNames: list.classNames }),
    },
  };
}

function videoDataset(frames: FrameSource, videos: readonly Stretch[], clip: Clip): VideoDataset {
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
        const all = videos[video]!.positions;
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

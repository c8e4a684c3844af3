import { readFile } from 'node:fs/promises';
import { createRng, drawPermutation, SelfsupError } from '@selfsup/core';
import { channelStatistics, gunzip, parseIdx, subset, type ImageDataset, type VideoDataset } from '@selfsup/data';
import { openImages, openVideos, type OpenedImages, type OpenImagesOptions } from '@selfsup/data/node';
import type { RunSettings } from './options/run-settings.ts';
import type { Output, Stage } from './output/output.ts';

/** An image that could not be used. */
export interface SkippedImage {
  /** Its file. */
  readonly path: string;
  /** Why. */
  readonly reason: string;
}

/** The images of a run, read once, with what is known about them. Those of videos are the frames in the middle of each. */
export interface OpenedData {
  /** What the encoder learns from, unless there are clips; the bank of the kNN. */
  readonly train: ImageDataset;
  /** The videos of which `train` has a frame each, when the task learns from clips. */
  readonly clips?: VideoDataset;
  /** What the kNN classifies: the data's own test part, or a share held out of the labeled images. */
  readonly test?: ImageDataset;
  /** Whether `test` was held out. */
  readonly heldOut: boolean;
  /** Per channel over the training images in [0, 1]; no entry of std is 0. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Images that could not be used so far; grows while files are read. */
  readonly skipped: () => readonly SkippedImage[];
  /** Images per second of the first reading: decoding and resizing of photos, unpacking of files, rendering of shapes. */
  readonly imagesPerSecond: number;
}

/** Which part of the settings decides about the data. */
export type DataSettings = Pick<RunSettings, 'data' | 'seed' | 'testFraction'> &
  Partial<Pick<RunSettings, 'limit' | 'testLimit' | 'imageSize' | 'clipLength' | 'frameStride'>> & {
    /** An IDX file of labels for the training images, for data that has none. */
    readonly labels?: string;
  };

/** What the data consists of. */
export const unitOf = ({ clips }: Pick<OpenedData, 'clips'>): 'images' | 'videos' => (clips ? 'videos' : 'images');

const CHUNK = 256;
/** Images that are read before training, so that broken files show up early. */
const READ_FIRST = 20_000;

/** Skipped images that are named one by one on the terminal; result.json and the report name them all. */
const NAMED = 5;

function warnAbout(skipped: readonly SkippedImage[], output: Output): void {
  for (const { path, reason } of skipped.slice(0, NAMED)) output.warn(`selfsup: skipped ${path}: ${reason}`);
  if (skipped.length > NAMED) output.warn(`selfsup: skipped ${skipped.length - NAMED} more images; result.json names them all`);
}

function holdOut(all: ImageDataset, settings: DataSettings): { train: ImageDataset; test?: ImageDataset } {
  const count = Math.min(Math.round(all.length * settings.testFraction), settings.testLimit ?? Infinity);
  if (!all.labels || count < 1) return { train: all };
  const order = drawPermutation(createRng(settings.seed).fold('hold out'), all.length);
  return { test: subset(all, order.slice(0, count).sort()), train: subset(all, order.slice(count).sort()) };
}

async function attachLabels(train: ImageDataset, path: string): Promise<ImageDataset> {
  const packed = await readFile(path).catch((error: unknown) => {
    throw new SelfsupError('SELFSUP_DATA', `--labels: cannot read ${path}; give an IDX file of labels`, { cause: error });
  });
  const { data } = parseIdx(await gunzip(packed, { name: path }), { name: path, rank: 1 });
  if (data.length < train.length)
    throw new SelfsupError('SELFSUP_DATA', `--labels: ${path} must have a label for each of ${train.length} images, got ${data.length}`);
  return { ...train, labels: Int32Array.from(data.subarray(0, train.length)), read: (indices) => train.read(indices) };
}

async function readOnce(datasets: readonly ImageDataset[], output: Output): Promise<number> {
  const total = datasets.reduce((sum, { length }) => sum + Math.min(length, READ_FIRST), 0);
  const stage = output.stage('Reading images', { total, unit: 'images' });
  let done = 0;
  for (const dataset of datasets) {
    const length = Math.min(dataset.length, READ_FIRST);
    for (let first = 0; first < length; first += CHUNK) {
      const size = Math.min(CHUNK, length - first);
      await dataset.read(Array.from({ length: size }, (_, i) => first + i));
      stage.update((done += size));
    }
  }
  stage.end();
  return total;
}

/** Images, or with a `clipLength` videos and their stills. */
async function openSource(settings: DataSettings, options: OpenImagesOptions): Promise<OpenedImages & Pick<OpenedData, 'clips'>> {
  const { data, clipLength, frameStride = 1 } = settings;
  if (clipLength === undefined) return openImages(data, options);
  const { train: clips, test, skipped, unused } = await openVideos(data, { ...options, clipLength, stride: frameStride });
  return { clips, train: clips.stills, ...(test && { test: test.stills }), skipped, unused };
}

/**
 * Opens the images of a run, reads them once and measures their statistics.
 *
 * @param settings what to open
 * @param output shows progress, and warns about each image that is skipped
 * @returns see {@link OpenedData}
 * @throws SelfsupError `SELFSUP_DATA` when there is nothing to read or the images do not fit
 */
export async function openData(settings: DataSettings, output: Output): Promise<OpenedData> {
  const { data, seed, limit, testLimit, imageSize } = settings;
  const skipped = new Map<string, SkippedImage>();
  let isOpen = false;
  const onSkip = (image: SkippedImage) => {
    if (skipped.has(image.path)) return;
    skipped.set(image.path, { path: image.path, reason: image.reason });
    output.event('skipped', { path: image.path, reason: image.reason });
    if (isOpen) warnAbout([image], output);
  };
  const started = performance.now();
  let decoding: Stage | undefined;
  let decoded = 0;
  const pictures = settings.clipLength === undefined ? 'photos' : 'frames';
  const opened = await openSource(settings, {
    seed,
    onSkip,
    onProgress: ({ done, total }) => {
      decoding ??= output.stage(`Decoding ${pictures}`, { total, unit: pictures });
      decoding.update((decoded = done));
    },
    ...(limit === undefined ? {} : { limit }),
    ...(testLimit === undefined ? {} : { testLimit }),
    ...(imageSize === undefined ? {} : { imageSize }),
  }).finally(() => decoding?.end());
  isOpen = true;
  warnAbout([...skipped.values()], output);
  const all = settings.labels === undefined ? opened.train : await attachLabels(opened.train, settings.labels);
  const { clips } = opened;
  const { train, test } = opened.test ? { train: all, test: opened.test } : clips ? { train: all } : holdOut(all, settings);
  if (train.height !== train.width)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${data} has images of ${train.height}x${train.width} pixels; the views are square, so give square images`,
    );
  const read = await readOnce(test ? [train, test] : [train], output);
  const seconds = (performance.now() - started) / 1000;
  const { mean, std } = await channelStatistics(train);
  return {
    train,
    ...(test ? { test } : {}),
    ...(clips ? { clips } : {}),
    heldOut: test !== undefined && (!opened.test || test.name.endsWith('(held out)')),
    mean,
    std: std.map((value) => Math.max(value, 1e-3)),
    skipped: () => [...skipped.values()],
    imagesPerSecond: Math.max(read, decoded) / seconds,
  };
}

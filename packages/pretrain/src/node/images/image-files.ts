import { readFile } from 'node:fs/promises';
import { countOf, SelfsupError } from '@selfsup/core';
import { gunzip, parseIdx, type ImageDataset } from '@selfsup/data';
import { isLabelTable, openImages, type SkippedImage } from '@selfsup/data/node';
import { imageSizeOfOptions, type GivenImageSize } from '../../image/image-size-option.ts';
import type { OpenedImageData } from '../../image/opened-images.ts';
import type { DatasetOpener, DatasetOptions, LabelSource } from '../../modality.ts';
import type { Progress, Stage } from '../../progress.ts';
import { kindOfFiles } from '../kind-of-files.ts';
import { unusedAsSkipped } from '../unused-as-skipped.ts';
import { labelImages } from './label-images.ts';

/** Photos and frames tell where they come from. */
type Located = ImageDataset & { readonly paths?: readonly string[] };

/** Whether something names files: text that is not an address. */
export const isPath = (data: unknown): data is string => typeof data === 'string' && data !== '' && !/^[a-z][a-z\d+.-]+:\/\//i.test(data);

/** Limits and size as the data package takes them: left out where they are not given. */
export function sizesOf({ limit, testLimit, options, usualSize }: DatasetOptions) {
  const { imageSize = usualSize, channels, maxPixels } = options as { imageSize?: GivenImageSize; channels?: number; maxPixels?: number };
  return {
    ...(limit !== undefined && { limit }),
    ...(testLimit !== undefined && { testLimit }),
    ...(imageSize !== undefined && { imageSize: imageSizeOfOptions(imageSize) }),
    ...(channels !== undefined && { channels }),
    ...(maxPixels !== undefined && { maxPixels }),
  };
}

/** Shows the decoding of pictures, counts them, and warns about those that break later than at the opening. */
export function watchDecoding(progress: Progress | undefined, pictures: 'photos' | 'frames') {
  let stage: Stage | undefined;
  let isOpen = false;
  const watch = {
    decoded: 0,
    onProgress: ({ done, total }: { done: number; total: number }) => {
      stage ??= progress?.stage(`Decoding ${pictures}`, { total, unit: pictures });
      stage?.update((watch.decoded = done));
    },
    onSkip: ({ path, reason }: SkippedImage) => {
      if (isOpen) progress?.warn(`skipped ${path}: ${reason}`);
    },
    end: () => {
      isOpen = true;
      stage?.end();
    },
  };
  return watch;
}

async function attachLabels(train: Located, path: string): Promise<Located> {
  const packed = await readFile(path).catch((error: unknown) => {
    throw new SelfsupError('SELFSUP_DATA', `labels: cannot read ${path}; give an IDX file of labels`, { cause: error });
  });
  const { data } = parseIdx(await gunzip(packed, { name: path }), { name: path, rank: 1 });
  if (data.length < train.length)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `labels: ${path} must have a label for each of ${countOf(train.length, 'images')}, got ${data.length}`,
    );
  return { ...train, labels: Int32Array.from(data.subarray(0, train.length)), read: (indices) => train.read(indices) };
}

/** Opens images from files, whatever modality wants them. */
export async function openImageFiles(path: string, settings: DatasetOptions): Promise<OpenedImageData> {
  const { seed, progress, options } = settings;
  const { labels } = options as { labels?: string | LabelSource };
  const watch = watchDecoding(progress, 'photos');
  const { onProgress, onSkip } = watch;
  const source = typeof labels === 'string' && isLabelTable(labels) ? { path: labels } : labels;
  const sizes = sizesOf(settings);
  if (typeof source === 'object') Object.assign(sizes, { limit: Number.MAX_SAFE_INTEGER, testLimit: Number.MAX_SAFE_INTEGER }); // any of them may be in the table
  const opened = await openImages(path, { seed, ...sizes, onProgress, onSkip }).finally(watch.end);
  const { train, test }: { train: Located; test?: Located } = opened;
  const found = {
    train: typeof source === 'string' ? await attachLabels(train, source) : train,
    ...(test && { test, testFrom: opened.testFrom ?? 'own part' }),
    skipped: () => [...opened.skipped, ...unusedAsSkipped(opened.unused)],
    decoded: watch.decoded,
  };
  return typeof source === 'object' ? labelImages(found, { folder: path, source, progress }) : found;
}

/**
 * Opens a folder of photos, whose sub-folders are the classes, a folder with MNIST-style IDX files or CIFAR-10 `.bin` files, or one such file. A path at which
 * there is nothing is accepted too, to say so.
 */
export const imageFiles: DatasetOpener<OpenedImageData> = {
  name: 'photos, IDX and CIFAR-10 files',
  modality: 'image',
  accepts: isPath,
  recognizes: async (data) => isPath(data) && (await kindOfFiles(data)) === 'image',
  open: (data, settings) => openImageFiles(data as string, settings),
};

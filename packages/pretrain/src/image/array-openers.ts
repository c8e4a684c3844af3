import { SelfsupError } from '@selfsup/core';
import { arrayImages, shapes, takeFirst, type ImageDataset } from '@selfsup/data';
import type { DatasetOpener, DatasetOptions } from '../modality.ts';
import { imageSizeOfOptions, type GivenImageSize } from './image-size-option.ts';
import type { OpenedImageData } from './opened-images.ts';

/** Images in memory. */
export interface ImagesInMemory {
  /** `[n, height, width, channels]` row-major, integers from 0 to 255. */
  readonly images: ArrayLike<number>;
  /** `[n, height, width, channels]`; channels such as 1 (gray) or 3 (RGB). */
  readonly shape: readonly [n: number, height: number, width: number, channels: number];
  /** `[n]`: the class of each image, integers from 0; default none. They only measure. */
  readonly labels?: ArrayLike<number>;
  /** The names of the classes, by label. */
  readonly classNames?: readonly string[];
  /** What the data is called; default `array`. */
  readonly name?: string;
  /** Images to judge by; default a part of the others, where they have labels. */
  readonly test?: Omit<ImagesInMemory, 'test' | 'name' | 'classNames'>;
}

/** A data set to train on and, where there is one, another to test on. */
export interface ImageDatasets {
  /** The images to learn from. */
  readonly train: ImageDataset;
  /** The images to judge by; default a part of the others is held out. */
  readonly test?: ImageDataset;
}

/** Whether something is a data set of images. */
export function isImageDataset(data: unknown): data is ImageDataset {
  if (typeof data !== 'object' || data === null) return false;
  const { read, length, height, width, channels } = data as Partial<ImageDataset>;
  return typeof read === 'function' && [length, height, width, channels].every((value) => typeof value === 'number');
}

const isImagesInMemory = (data: unknown): data is ImagesInMemory =>
  typeof data === 'object' && data !== null && 'images' in data && 'shape' in data;

const isImageDatasets = (data: unknown): data is ImageDatasets =>
  typeof data === 'object' && data !== null && isImageDataset((data as Partial<ImageDatasets>).train);

function bytesOf(images: ArrayLike<number>, name: string): Uint8Array {
  if (images instanceof Uint8Array) return images;
  const bytes = Uint8Array.from(images);
  const wrong = bytes.findIndex((byte, i) => byte !== images[i]);
  if (wrong >= 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${name}: \`images\` must be integers from 0 to 255, got ${images[wrong]!} at ${wrong}; multiply numbers in [0, 1] by 255 and round`,
    );
  return bytes;
}

function datasetOf({ images, shape, labels, classNames, name = 'array' }: ImagesInMemory): ImageDataset {
  return arrayImages(bytesOf(images, name), shape, { name, ...(labels && { labels }), ...(classNames && { classNames }) });
}

function datasetsOf(data: ImageDataset | ImageDatasets | ImagesInMemory): ImageDatasets {
  if (isImageDataset(data)) return { train: data };
  if (isImageDatasets(data)) return data;
  const { test, name, classNames } = data;
  const shared = { ...(name !== undefined && { name }), ...(classNames && { classNames }) };
  return { train: datasetOf(data), ...(test && { test: datasetOf({ ...test, ...shared }) }) };
}

/** Refuses options that are for files. */
function checkOptions(
  name: string,
  { options }: DatasetOptions,
  own: { height: number; width: number; channels: number } | undefined,
): void {
  if (options['labels'] !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', `a file of labels is for files of images; ${name} has its labels with it`);
  const { imageSize, channels = own?.channels } = options as { imageSize?: GivenImageSize; channels?: number };
  if (own === undefined) return;
  const { height, width } = own;
  const wanted = imageSize === undefined ? [height, width] : [imageSizeOfOptions(imageSize)].flat();
  if (wanted[0] !== height || (wanted[1] ?? wanted[0]) !== width)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`imageSize\` must be left out for ${name}, whose images have ${height === width ? `a side of ${height}` : `${height}x${width} pixels`}, got ${wanted.join('x')}; only photos are resized`,
    );
  if (channels !== own.channels)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`channels\` must be left out for ${name}, whose images have ${own.channels}, got ${channels}; only photos are converted`,
    );
}

/** Opens {@link ImagesInMemory}, an `ImageDataset`, or {@link ImageDatasets}. */
export const memoryImages: DatasetOpener<OpenedImageData> = {
  name: 'images in memory',
  modality: 'image',
  accepts: (data) => isImageDataset(data) || isImagesInMemory(data) || isImageDatasets(data),
  open(data, options) {
    const { train, test } = datasetsOf(data as ImageDataset | ImageDatasets | ImagesInMemory);
    checkOptions(train.name, options, train);
    const { limit = Infinity, testLimit = Infinity } = options;
    const cut = (dataset: ImageDataset, count: number) => (count < dataset.length ? takeFirst(dataset, count) : dataset);
    return Promise.resolve({ train: cut(train, limit), ...(test && { test: cut(test, testLimit) }) });
  },
};

/** Opens `shapes`: images that are made up, 4,000 to train on and 1,000 to test on, of 32 pixels unless `imageSize` says otherwise. */
export const shapesImages: DatasetOpener<OpenedImageData> = {
  name: 'shapes',
  modality: 'image',
  procedural: true,
  accepts: (data) => data === 'shapes',
  open(_, settings) {
    checkOptions('shapes', settings, undefined);
    const { seed, limit = 4000, testLimit = 1000, options, usualSize = 32 } = settings;
    const { imageSize = usualSize, channels = 3 } = options as { imageSize?: GivenImageSize; channels?: number };
    const [size, width = size] = [imageSizeOfOptions(imageSize)].flat() as [number, number?];
    if (size !== width || channels !== 3)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `shapes are square and have 3 channels, got ${size}x${width} and ${channels}; use photos or images in memory`,
      );
    const train = shapes({ count: limit, seed, split: 'train', size });
    return Promise.resolve({ train, ...(testLimit > 0 && { test: shapes({ count: testLimit, seed, split: 'test', size }) }) });
  },
};

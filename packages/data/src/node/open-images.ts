import { printable, SelfsupError } from '@selfsup/core';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageDataset } from '../image-dataset.ts';
import { sidesOf, type ImageSize } from '../image-size.ts';
import { shapes } from '../shapes/shapes.ts';
import { takeFirst } from '../subset.ts';
import { openCifarFiles, pickCifarFiles } from './cifar-files.ts';
import { openIdxFile, pickIdxFiles } from './idx-files.ts';
import { listPictures } from './list-photos.ts';
import { openSplits } from './open-splits.ts';
import { systemReason } from './system-reason.ts';
import type { Listing } from './photo-listing.ts';
import { photoImages, type ImageFolderOptions, type SkippedImage } from './photo-images.ts';
import { isShard, listShard } from './shards/list-shards.ts';
import { createUnusedFiles, type UnusedKind } from './unused-files.ts';

/** Options of {@link openImages}. */
export interface OpenImagesOptions extends ImageFolderOptions {
  /** The size of the images in pixels: the side of a square, of photos (default 64) also `[height, width]`, of `shapes` default 32; IDX and CIFAR images have a size of their own. */
  imageSize?: ImageSize;
  /** At most how many training images, ≥ 1: the first ones; default all, and 4,000 of `shapes`. */
  limit?: number;
  /** At most how many test images, ≥ 0: the first ones; default 2,000, and 1,000 of `shapes`. */
  testLimit?: number;
  /** IDX files (unpacked) and CIFAR-10 files of more bytes are refused before they are read; default 4 GiB, an integer ≥ 1. */
  maxBytes?: number;
  /** Chooses the shapes, and the photos that are held out for testing; default 0. */
  seed?: number;
}

/** What {@link openImages} opened. */
export interface OpenedImages {
  /** The images to train on. */
  readonly train: ImageDataset;
  /** The images to test on, where there are any. */
  readonly test?: ImageDataset;
  /** Where `test` comes from: a part of its own (default), or held out of the others. */
  readonly testFrom?: 'own part' | 'held out';
  /** The photos that could not be decoded so far. */
  readonly skipped: readonly SkippedImage[];
  /** The files of a folder of photos that are not used, by kind: other formats, links, photos without a class, a validation part beside a test part. */
  readonly unused: readonly UnusedKind[];
}

const FORMS =
  'expected `shapes`, a folder of photos, a folder with MNIST-style IDX files (train-images-idx3-ubyte[.gz] …), ' +
  'a folder with CIFAR-10 .bin files, one IDX file (.idx, .gz) or one CIFAR-10 file (.bin), or tar archives or Parquet files of pictures (.tar, .parquet)';

/**
 * Opens images by what a user writes on a command line: the name `shapes`, a folder, or a file.
 *
 * @param spec `shapes` · a folder of photos, whose sub-folders are the classes · a folder with `train-images-idx3-ubyte[.gz]` and its labels,
 *   and `t10k-…` for testing · a folder with CIFAR-10 `data_batch_*.bin` or `train*.bin` (the largest), and `test*.bin` for testing ·
 *   one IDX file of images · one CIFAR-10 `.bin` file
 * @param options `imageSize`, `limit`, `testLimit` (2,000), `seed` (0), and those of {@link imageFolder}
 * @returns `train`; `test` where the data has a test set, or labeled photos: a fifth of each class, chosen by the seed, is held out then,
 *   unless the folder has sub-folders for training and testing (`train` or `training`; `test`, or `validation`, `valid`, `val`, `dev`; in any case, also below
 *   each class); the photos that were `skipped`; and the files that are `unused`
 * @throws SelfsupError `SELFSUP_DATA` when there is nothing at the path, or nothing that is understood; `SELFSUP_OPTION` on an option out of range
 * @remarks `limit` takes IDX and CIFAR images in file order; of labeled photos it takes the same number of each class, as far as it goes.
 * @example
 * ```ts
 * import { openImages } from '@selfsup/data/node';
 * const { train, test } = await openImages('shapes', { limit: 1000, seed: 0 });
 * console.log(train.length, test?.length);
 * ```
 */
export async function openImages(spec: string, options: OpenImagesOptions = {}): Promise<OpenedImages> {
  checkLimits('openImages', options);
  if (spec === 'shapes') return openShapes(options);
  const { limit = Infinity, testLimit = 2000, maxBytes = 2 ** 32 } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new SelfsupError('SELFSUP_OPTION', `openImages: \`maxBytes\` must be an integer >= 1, got ${maxBytes}`);
  const cut = (train: ImageDataset, test: ImageDataset | undefined): OpenedImages => {
    checkSize(spec, train, options);
    if (test) checkAlike(spec, train, test);
    const head = (set: ImageDataset, n: number) => (n < set.length ? takeFirst(set, n) : set);
    return { train: head(train, limit), ...(test && testLimit > 0 && { test: head(test, testLimit) }), skipped: [], unused: [] };
  };

  const info = await stat(spec).catch((cause: unknown) => {
    const isMissing = (cause as { code?: unknown }).code === 'ENOENT';
    const what = isMissing ? `there is nothing at ${printable(spec)}` : `cannot read ${printable(spec)}: ${systemReason(cause)}`;
    throw new SelfsupError('SELFSUP_DATA', `openImages: ${what}; ${FORMS}`, { cause });
  });
  if (!info.isDirectory()) {
    if (/\.bin$/i.test(spec)) return cut(await openCifarFiles([spec], maxBytes), undefined);
    if (/(\.gz|\.idx|ubyte)$/i.test(spec)) return cut(await openIdxFile(spec, maxBytes), undefined);
    if (isShard(spec))
      return openSplits(
        spec,
        { ...options, testLimit },
        splitting((path) => listShard(path, { who: 'openImages', unused: createUnusedFiles() })),
      );
    throw new SelfsupError('SELFSUP_DATA', `openImages: ${printable(spec)} is not understood; ${FORMS}`);
  }
  const entries = await readdir(spec, { withFileTypes: true }).catch((cause: unknown) => {
    throw new SelfsupError('SELFSUP_DATA', `openImages: cannot read the folder ${printable(spec)}: ${systemReason(cause)}`, { cause });
  });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name).sort(); // prettier-ignore
  const idx = pickIdxFiles(names);
  if (idx)
    return cut(
      await openIdxFile(join(spec, idx.train), maxBytes),
      idx.test === undefined ? undefined : await openIdxFile(join(spec, idx.test), maxBytes),
    );
  const cifar = await pickCifarFiles(spec, names);
  if (cifar)
    return cut(
      await openCifarFiles(cifar.train, maxBytes),
      cifar.test.length === 0 ? undefined : await openCifarFiles(cifar.test, maxBytes),
    );
  return openSplits(
    spec,
    { ...options, testLimit },
    splitting((path) => listPictures(path, { who: 'openImages', whole: true })),
  );
}

const splitting = (list: (path: string) => Promise<Listing>) => ({ who: 'openImages', list, pictures: () => 1, open: photoImages });

function openShapes(options: OpenImagesOptions): OpenedImages {
  const { imageSize = 32, channels = 3, limit = 4000, testLimit = 1000, seed = 0 } = options;
  const [size, width] = sidesOf(imageSize, 'openImages');
  if (width !== size || channels !== 3)
    throw new SelfsupError('SELFSUP_OPTION', `openImages: shapes are square and have 3 channels, got ${size}×${width} and ${channels}`);
  const train = shapes({ count: limit, seed, split: 'train', size });
  return { train, ...(testLimit > 0 && { test: shapes({ count: testLimit, seed, split: 'test', size }) }), skipped: [], unused: [] };
}

/** Refuses limits that are no counts. */
export function checkLimits(who: string, { limit, testLimit }: { limit?: number | undefined; testLimit?: number | undefined }): void {
  for (const [name, value, min] of [
    ['limit', limit, 1],
    ['testLimit', testLimit, 0],
  ] as const)
    if (value !== undefined && (!Number.isSafeInteger(value) || value < min))
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be an integer >= ${min}, got ${value}`);
}

function checkSize(spec: string, { height, width, channels: own }: ImageDataset, { imageSize, channels = own }: OpenImagesOptions): void {
  const [rows, columns] = imageSize === undefined ? [height, width] : sidesOf(imageSize, 'openImages');
  if (rows !== height || columns !== width)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `openImages: \`imageSize\` must be left out for ${printable(spec)}, whose images are ${height}×${width}, got ${rows}×${columns}; only photos are resized`,
    );
  if (channels !== own)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `openImages: \`channels\` must be left out for ${printable(spec)}, whose images have ${own}, got ${channels}; only photos are converted`,
    );
}

function checkAlike(spec: string, train: ImageDataset, test: ImageDataset): void {
  const size = ({ height, width, channels }: ImageDataset) => [height, width, channels].join('×');
  if (size(train) !== size(test))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openImages: the test images of ${printable(spec)} must be ${size(train)} like the training images, got ${size(test)}`,
    );
}

import { printable, SelfsupError } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { arrayImages } from '../array-images.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { readIdx } from './read-idx.ts';

const IMAGES = /^(.*)images([-.])idx3(.*)$/is;

/** Picks the training and test images among the names of a folder: `train-images-idx3-ubyte[.gz]` and `t10k-…` or `test-…`. */
export function pickIdxFiles(names: readonly string[]): { train: string; test: string | undefined } | undefined {
  const images = names.filter((name) => IMAGES.test(name));
  const train = images.find((name) => name.startsWith('train')) ?? (images.length === 1 ? images[0] : undefined);
  return train === undefined ? undefined : { train, test: images.find((name) => /^(t10k|test)/i.test(name)) };
}

const isFile = async (path: string) => (await stat(path).catch(() => undefined))?.isFile() ?? false;

/** The file of labels that belongs to a file of images, packed or not. */
async function labelsOf(path: string): Promise<string | undefined> {
  const match = IMAGES.exec(basename(path));
  if (!match) return undefined;
  const name = `${path.slice(0, path.length - basename(path).length)}${match[1]!}labels${match[2]!}idx1${match[3]!}`;
  for (const candidate of [name, `${name}.gz`, name.replace(/\.gz$/, '')]) if (await isFile(candidate)) return candidate;
  return undefined;
}

/**
 * Opens one IDX file of images `[n, height, width]` or `[n, height, width, 1 or 3]`, with the labels that lie beside it, if any.
 *
 * @param path the file, packed or not
 * @param maxBytes at most so many unpacked bytes
 * @returns the data set
 * @throws SelfsupError `SELFSUP_DATA` on a file that is no such array, or on labels of another number
 */
export async function openIdxFile(path: string, maxBytes: number): Promise<ImageDataset> {
  const images = await readIdx(path, { who: 'openImages', maxBytes });
  const [n = 0, height = 0, width = 0, channels = 1] = images.shape;
  if (images.shape.length < 3 || images.shape.length > 4 || (channels !== 1 && channels !== 3) || n * height * width === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openImages: ${printable(path)} must hold images [n, height, width] (magic number 0x00000803), got shape [${images.shape.join(', ')}]`,
    );
  const labelPath = await labelsOf(path);
  const labels = labelPath === undefined ? undefined : await readIdx(labelPath, { who: 'openImages', rank: 1, maxBytes });
  if (labels && labels.data.length !== n)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openImages: ${printable(labelPath!)} must have ${n} labels, one per image of ${printable(path)}, got ${labels.data.length}`,
    );
  const name = basename(dirname(path)) || basename(path);
  return arrayImages(images.data, [n, height, width, channels], { name, ...(labels && { labels: labels.data }) });
}

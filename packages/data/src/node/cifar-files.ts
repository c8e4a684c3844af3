import { printable, SelfsupError } from '@selfsup/core';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { arrayImages } from '../array-images.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { isCifarSize, parseCifar, type CifarImages } from '../parse-cifar.ts';
import { SIGNATURE_BYTES } from '../picture-kind.ts';
import { readHead, withFile } from './read-file-within.ts';

/** The paths of CIFAR-10 files to train and test on. */
export interface CifarFiles {
  readonly train: readonly string[];
  readonly test: readonly string[];
}

/** Picks CIFAR-10 files: all `data_batch_*.bin`, else the largest `train*.bin`, else the only other one; and the largest `test*.bin`. */
export async function pickCifarFiles(folder: string, names: readonly string[]): Promise<CifarFiles | undefined> {
  const files = names.filter((name) => /\.bin$/i.test(name));
  if (files.length === 0) return undefined;
  const largest = async (pattern: RegExp): Promise<string[]> => {
    const paths = files.filter((name) => pattern.test(name)).map((name) => join(folder, name));
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    return paths.length === 0 ? [] : [paths[sizes.indexOf(Math.max(...sizes))]!];
  };
  const batches = files.filter((name) => /^data_batch_.*\.bin$/i.test(name)).map((name) => join(folder, name));
  const others = files.filter((name) => !/^test/i.test(name)).map((name) => join(folder, name));
  const train = batches.length > 0 ? batches : await largest(/^train/i);
  if (train.length === 0 && others.length !== 1)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openImages: ${printable(folder)} has .bin files, but none named data_batch_*.bin or train*.bin; name one of them instead of the folder`,
    );
  return { train: train.length > 0 ? train : others, test: await largest(/^test/i) };
}

/**
 * Opens CIFAR-10 binary files as one data set; the class names come from `batches.meta.txt` beside them, if it is there.
 *
 * @param paths the files, in order
 * @param maxBytes at most so many bytes in all
 * @returns the data set
 * @throws SelfsupError `SELFSUP_DATA` on a file of another format
 */
export async function openCifarFiles(paths: readonly string[], maxBytes: number): Promise<ImageDataset> {
  let left = maxBytes;
  const parts: CifarImages[] = [];
  for (const path of paths) {
    const bytes = await withFile(path, 'openImages', async (file, size) => {
      if (size > left)
        throw new SelfsupError(
          'SELFSUP_DATA',
          `openImages: CIFAR-10 files must have at most ${maxBytes} bytes, but ${printable(path)} has ${size}; raise \`maxBytes\` if it is meant to`,
        );
      // the start of a file that cannot be one says what it is
      return readHead(file, isCifarSize(size) ? size : Math.min(size, SIGNATURE_BYTES)).then((read) => ({ read, size }));
    });
    parts.push(parseCifar(bytes.read, { name: path, size: bytes.size }));
    left -= bytes.size;
  }
  const total = parts.reduce((sum, part) => sum + part.labels.length, 0);
  const pixels = new Uint8Array(total * 32 * 32 * 3); // [n, 32, 32, 3]
  const labels = new Int32Array(total);
  let row = 0;
  for (const part of parts) {
    pixels.set(part.pixels, row * 32 * 32 * 3);
    labels.set(part.labels, row);
    row += part.labels.length;
  }
  const folder = dirname(paths[0]!);
  const meta = await readFile(join(folder, 'batches.meta.txt'), 'utf8').catch(() => '');
  const classNames = meta.split(/\r?\n/).filter((line) => line.trim() !== '');
  const name = basename(folder) || basename(paths[0]!);
  return arrayImages(pixels, [total, 32, 32, 3], { name, labels, ...(classNames.length === 10 && { classNames }) });
}

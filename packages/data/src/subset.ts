import { SelfsupError } from '@selfsup/core';
import { checkIndices } from './check-indices.ts';
import type { ImageDataset } from './image-dataset.ts';
import type { Rows } from './rows-dataset.ts';
import type { TokenDataset } from './text/token-dataset.ts';

/** What a part of a data set has in common with the whole; a folder's `paths` and the like it has not. */
const SHARED = ['unit', 'height', 'width', 'channels', 'sequenceLength', 'vocabularySize', 'classNames'];

/**
 * Picks images, or token sequences, of a data set.
 *
 * @param dataset where they come from; read on demand, nothing is copied
 * @param indices which of them, in the order of the new data set
 * @returns a data set of `indices.length` rows that numbers them from 0
 * @throws SelfsupError `SELFSUP_OPTION` on an index that is not in the data set
 * @example
 * ```ts
 * import { shapes, subset } from '@selfsup/data';
 * const evens = subset(shapes({ count: 10, seed: 0 }), [0, 2, 4, 6, 8]);
 * console.log(evens.length);
 * ```
 */
export function subset(dataset: ImageDataset, indices: ArrayLike<number>): ImageDataset;
export function subset(dataset: TokenDataset, indices: ArrayLike<number>): TokenDataset;
export function subset(dataset: ImageDataset | TokenDataset, indices: ArrayLike<number>): ImageDataset | TokenDataset {
  const unit = 'unit' in dataset ? dataset.unit : 'images';
  checkIndices('subset', indices, { length: dataset.length, unit });
  const chosen = Int32Array.from(indices);
  const { name, labels } = dataset;
  const shared = Object.entries(dataset).filter(([key, value]) => SHARED.includes(key) && value !== undefined);
  return {
    ...(Object.fromEntries(shared) as Pick<ImageDataset & TokenDataset, 'height' | 'width' | 'channels' | 'sequenceLength'>),
    name,
    length: chosen.length,
    ...(labels && { labels: chosen.map((index) => labels[index]!) }),
    async read(rows: ArrayLike<number>): Promise<Rows> {
      checkIndices(`${name}.read`, rows, { length: chosen.length, unit });
      const inner = await dataset.read(Array.from(rows, (row) => chosen[row]!));
      if (inner.indices.length === rows.length) return { ...inner, indices: Int32Array.from(rows) };
      // Some rows are missing: what is there comes in the order asked for, so walk both lists in step.
      const kept: number[] = [];
      for (let i = 0; i < rows.length && kept.length < inner.indices.length; i++)
        if (chosen[rows[i]!] === inner.indices[kept.length]) kept.push(rows[i]!);
      return { ...inner, indices: Int32Array.from(kept) };
    },
  } as unknown as ImageDataset | TokenDataset;
}

/**
 * The first images, or token sequences, of a data set.
 *
 * @param dataset where they come from
 * @param count how many, an integer ≥ 0; with more than there are, all of them
 * @returns a data set of the first `count` rows
 * @throws SelfsupError `SELFSUP_OPTION` on a count that is no integer ≥ 0
 * @example
 * ```ts
 * import { shapes, takeFirst } from '@selfsup/data';
 * console.log(takeFirst(shapes({ count: 100, seed: 0 }), 10).length);
 * ```
 */
export function takeFirst(dataset: ImageDataset, count: number): ImageDataset;
export function takeFirst(dataset: TokenDataset, count: number): TokenDataset;
export function takeFirst(dataset: ImageDataset | TokenDataset, count: number): ImageDataset | TokenDataset {
  if (!Number.isInteger(count) || count < 0)
    throw new SelfsupError('SELFSUP_OPTION', `takeFirst: \`count\` must be an integer >= 0, got ${count}`);
  if (count >= dataset.length) return dataset;
  return subset(
    dataset as TokenDataset,
    Int32Array.from({ length: count }, (_, i) => i),
  );
}

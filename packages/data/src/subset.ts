import { SelfsupError } from '@selfsup/core';
import { checkIndices } from './check-indices.ts';
import type { ImageDataset } from './image-dataset.ts';

/**
 * Picks images of a data set.
 *
 * @param dataset where the images come from; read on demand, nothing is copied
 * @param indices which of its images, in the order of the new data set
 * @returns a data set of `indices.length` images that numbers them from 0
 * @throws SelfsupError `SELFSUP_OPTION` on an index that is not in the data set
 * @example
 * ```ts
 * import { shapes, subset } from '@selfsup/data';
 * const evens = subset(shapes({ count: 10, seed: 0 }), [0, 2, 4, 6, 8]);
 * console.log(evens.length);
 * ```
 */
export function subset(dataset: ImageDataset, indices: ArrayLike<number>): ImageDataset {
  checkIndices('subset', indices, dataset.length);
  const chosen = Int32Array.from(indices);
  const { name, height, width, channels, labels, classNames } = dataset;
  return {
    name,
    length: chosen.length,
    height,
    width,
    channels,
    ...(labels && { labels: chosen.map((index) => labels[index]!) }),
    ...(classNames && { classNames }),
    async read(rows) {
      checkIndices(`${name}.read`, rows, chosen.length);
      const inner = await dataset.read(Array.from(rows, (row) => chosen[row]!));
      if (inner.indices.length === rows.length) return { ...inner, indices: Int32Array.from(rows) };
      // Some rows are missing: what is there comes in the order asked for, so walk both lists in step.
      const kept: number[] = [];
      for (let i = 0; i < rows.length && kept.length < inner.indices.length; i++)
        if (chosen[rows[i]!] === inner.indices[kept.length]) kept.push(rows[i]!);
      return { ...inner, indices: Int32Array.from(kept) };
    },
  };
}

/**
 * The first images of a data set.
 *
 * @param dataset where the images come from
 * @param count how many, an integer ≥ 0; with more than there are, all of them
 * @returns a data set of the first `count` images
 * @throws SelfsupError `SELFSUP_OPTION` on a count that is no integer ≥ 0
 * @example
 * ```ts
 * import { shapes, takeFirst } from '@selfsup/data';
 * console.log(takeFirst(shapes({ count: 100, seed: 0 }), 10).length);
 * ```
 */
export function takeFirst(dataset: ImageDataset, count: number): ImageDataset {
  if (!Number.isInteger(count) || count < 0)
    throw new SelfsupError('SELFSUP_OPTION', `takeFirst: \`count\` must be an integer >= 0, got ${count}`);
  if (count >= dataset.length) return dataset;
  return subset(
    dataset,
    Int32Array.from({ length: count }, (_, i) => i),
  );
}

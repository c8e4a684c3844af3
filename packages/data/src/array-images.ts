import { SelfsupError } from '@selfsup/core';
import { checkIndices } from './check-indices.ts';
import { checkLabels } from './check-labels.ts';
import type { ImageDataset } from './image-dataset.ts';

/** Options of {@link arrayImages}. */
export interface ArrayImagesOptions {
  /** What the data set is called in logs; default `array`. */
  name?: string;
  /** `[n]`: the class of each image, each an integer ≥ 0; default none. */
  labels?: ArrayLike<number>;
  /** The names of the classes, by label; default none. */
  classNames?: readonly string[];
}

/**
 * Makes a data set of images that are already in memory.
 *
 * @param pixels `[n, height, width, channels]` row-major, 0 … 255; kept, not copied
 * @param shape `[n, height, width, channels]`, with any number of channels
 * @param options `name`, `labels` and `classNames`
 * @returns the data set
 * @throws SelfsupError `SELFSUP_SHAPE` when the number of bytes or labels does not fit the shape; `SELFSUP_DATA` on a label that is no class
 * @example
 * ```ts
 * import { arrayImages } from '@selfsup/data';
 * const dataset = arrayImages(new Uint8Array(2 * 4 * 4 * 3), [2, 4, 4, 3], { labels: [0, 1] });
 * console.log(dataset.length);
 * ```
 */
export function arrayImages(
  pixels: Uint8Array,
  shape: readonly [number, number, number, number],
  options: ArrayImagesOptions = {},
): ImageDataset {
  const { name = 'array', classNames } = options;
  const [length, height, width, channels] = shape;
  if (shape.length !== 4 || shape.some((side) => !Number.isSafeInteger(side) || side < 0) || channels < 1)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `arrayImages: \`shape\` must be [n, height, width, channels], channels >= 1, got [${shape.join(', ')}]`,
    );
  const bytes = height * width * channels;
  if (pixels.length !== length * bytes)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `arrayImages: \`pixels\` must have ${length * bytes} bytes for shape [${shape.join(', ')}], got ${pixels.length}`,
    );
  const labels = options.labels && checkLabels('arrayImages', options.labels, { length, unit: 'image', numClasses: classNames?.length });
  return {
    name,
    length,
    height,
    width,
    channels,
    ...(labels && { labels }),
    ...(classNames && { classNames }),
    read(indices) {
      checkIndices(`${name}.read`, indices, length);
      const rows = new Uint8Array(indices.length * bytes); // [n, h, w, c]
      for (let i = 0; i < indices.length; i++) rows.set(pixels.subarray(indices[i]! * bytes, (indices[i]! + 1) * bytes), i * bytes);
      return Promise.resolve({ pixels: rows, shape: [indices.length, height, width, channels], indices: Int32Array.from(indices) });
    },
  };
}

import { createRng, SelfsupError } from '@selfsup/core';
import { checkIndices } from '../check-indices.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { SHAPE_CLASSES } from './outline.ts';
import { renderShape } from './render-shape.ts';

/** Options of {@link shapes}. */
export interface ShapesOptions {
  /** How many images, ≥ 1. */
  count: number;
  /** Which images: each seed gives a collection of its own. */
  seed: number;
  /** `train` and `test` are independent of each other; default `train`. */
  split?: 'train' | 'test';
  /** The side of the square images in pixels; default 32, 8 … 1024. */
  size?: number;
}

const CACHE_BYTES = 2 ** 28;

/**
 * A procedural image data set, so that everything can be tried without a download: ten classes of shapes in two families, straight-edged
 * (triangle, square, star, cross, bars) and round (ring, target, crescent, ellipse, trefoil), each with random colors, scale, position, rotation
 * (at most 36 degrees either way), texture, clutter and noise. Neither the colors nor the brightness of an image tell its class.
 *
 * @param options `count` and `seed`; `split` (default `train`) and `size` (default 32 pixels)
 * @returns RGB images; image i has class i mod 10 and depends on nothing but seed, split, size and i
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @remarks Images are rendered when they are first read and kept, up to 256 MiB. The arithmetic is of the kind that every engine rounds alike,
 *   so the bytes are the same everywhere.
 * @example
 * ```ts
 * import { shapes } from '@selfsup/data';
 * const dataset = shapes({ count: 4000, seed: 0 });
 * const { shape } = await dataset.read([0, 1, 2]);
 * console.log(shape); // [3, 32, 32, 3]
 * ```
 */
export function shapes(options: ShapesOptions): ImageDataset {
  const { count, seed, split = 'train', size = 32 } = options;
  if (!Number.isSafeInteger(count) || count < 1 || count > 2 ** 31 - 1)
    throw new SelfsupError('SELFSUP_OPTION', `shapes: \`count\` must be an integer >= 1, got ${count}`);
  if (!Number.isInteger(size) || size < 8 || size > 1024)
    throw new SelfsupError('SELFSUP_OPTION', `shapes: \`size\` must be an integer from 8 to 1024, got ${size}`);
  if ((split as string) !== 'train' && (split as string) !== 'test')
    throw new SelfsupError('SELFSUP_OPTION', `shapes: \`split\` must be 'train' or 'test', got ${String(split)}`);
  const rng = createRng(seed).fold('shapes').fold(split);
  const numClasses = SHAPE_CLASSES.length;
  const bytes = size * size * 3;
  const cache = new Map<number, Uint8Array>();
  const cached = Math.min(count, Math.floor(CACHE_BYTES / bytes));
  const image = (i: number): Uint8Array => {
    let pixels = cache.get(i);
    if (pixels) return pixels;
    pixels = new Uint8Array(bytes);
    renderShape(rng.fold(i), i % numClasses, { size, out: pixels });
    if (cache.size < cached) cache.set(i, pixels);
    return pixels;
  };
  return {
    name: 'shapes',
    length: count,
    height: size,
    width: size,
    channels: 3,
    labels: Int32Array.from({ length: count }, (_, i) => i % numClasses),
    classNames: SHAPE_CLASSES.map(({ name }) => name),
    read(indices) {
      checkIndices('shapes.read', indices, count);
      const pixels = new Uint8Array(indices.length * bytes); // [n, size, size, 3]
      for (let i = 0; i < indices.length; i++) pixels.set(image(indices[i]!), i * bytes);
      return Promise.resolve({ pixels, shape: [indices.length, size, size, 3], indices: Int32Array.from(indices) });
    },
  };
}

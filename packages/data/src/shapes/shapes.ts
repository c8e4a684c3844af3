import type { ImageDataset } from '../image-dataset.ts';
import { renderShape } from './render-shape.ts';
import { renderImages, type RenderedKind, type ShapesOptions } from './rendered-images.ts';

/** How {@link shapes} are rendered. Internal. */
export const SHAPES: RenderedKind = { who: 'shapes', name: 'shapes', stream: 'shapes', render: renderShape };

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
  return renderImages(options, SHAPES).images;
}

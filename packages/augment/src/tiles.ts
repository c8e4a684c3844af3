import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { checkWhole } from './check-options.ts';
import { cutPatches, standardizePatches } from './cut-patches.ts';

/** Options of {@link tiles}. */
export interface TilesOptions {
  /** Side of a tile in pixels; an integer ≥ 1, at most that of a cell. */
  size: number;
  /** Cells per side; default 3, an integer ≥ 1. */
  grid?: number;
  /** Whether a tile lies anywhere in its cell (`true`, default), so that tiles have random gaps, or in its middle. */
  jitter?: boolean;
  /** Standardize each tile on its own, per channel; default true. */
  standardize?: boolean;
}

/**
 * Cuts each image into tiles of a jigsaw puzzle: one from each cell of a grid, at a random place in the cell.
 *
 * @param options see {@link TilesOptions}
 * @returns a function `(images, rng)`: float32 `[n, h, w, c]` → a new tensor `[n, grid², size, size, c]`, tiles row by row; cells are
 * ⌊h / grid⌋ × ⌊w / grid⌋ pixels, and what is left over is cut off evenly. Image i takes the draws of its own index
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the function `SELFSUP_SHAPE` on images that are not rank 4 or whose cells are smaller
 * than a tile, `SELFSUP_DTYPE` on images that are not float32
 * @see Noroozi and Favaro: "Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles", https://arxiv.org/abs/1603.09246
 * @remarks The paper's numbers: a crop of 225 pixels, cells of 75, tiles of 64. Gaps and standardization keep a network from matching edges and
 * colors from tile to tile.
 * @example
 * ```ts
 * import { tiles } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const puzzle = tiles({ size: 8 })(tf.zeros<tf.Rank.R4>([4, 32, 32, 3]), createRng(0)); // [4, 9, 8, 8, 3]
 * ```
 */
export function tiles(options: TilesOptions): (images: tf.Tensor4D, rng: Rng) => tf.Tensor5D {
  const { size, grid = 3, jitter = true, standardize = true } = options;
  checkWhole('tiles', 'size', { value: size, least: 1 });
  checkWhole('tiles', 'grid', { value: grid, least: 1 });
  return (images, rng) => {
    checkImages('tiles', images);
    const [n, height, width, channels] = images.shape;
    const [cellHeight, cellWidth] = [Math.floor(height / grid), Math.floor(width / grid)];
    if (cellHeight < size || cellWidth < size)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `tiles: \`images\` must have at least ${grid * size}×${grid * size} pixels for ${grid}×${grid} tiles of ${size}, got ${height}×${width}`,
      );
    const count = n * grid * grid;
    const draw = (tag: string): ArrayLike<number> => (jitter ? drawUniform(rng.fold(tag), count) : new Float32Array(count).fill(0.5));
    const [ys, xs] = [draw('y'), draw('x')];
    const edge = (side: number, cell: number) => Math.floor((side - grid * cell) / 2);
    const within = (cell: number, fraction: number) => Math.floor(fraction * (cell - size + 1));
    const places = Array.from({ length: count }, (_, i) => {
      const place = i % (grid * grid);
      return {
        image: Math.floor(i / (grid * grid)),
        top: edge(height, cellHeight) + Math.floor(place / grid) * cellHeight + within(cellHeight, ys[i]!),
        left: edge(width, cellWidth) + (place % grid) * cellWidth + within(cellWidth, xs[i]!),
      };
    });
    return tf.tidy(() => {
      const of = (key: 'image' | 'top' | 'left') => places.map((place) => place[key]);
      const cut = cutPatches(images, { image: of('image'), top: of('top'), left: of('left') }, size);
      return tf.reshape(standardize ? standardizePatches(cut) : cut, [n, grid * grid, size, size, channels]);
    });
  };
}

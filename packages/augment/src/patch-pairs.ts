import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { checkWhole } from './check-options.ts';
import { cutPatches, standardizePatches } from './cut-patches.ts';

/** Options of {@link patchPairs}. */
export interface PatchPairsOptions {
  /** Side of a patch in pixels; an integer ≥ 1. */
  size: number;
  /** Pixels between neighbors; default half of the size, rounded down; an integer ≥ 0. */
  gap?: number;
  /** Each patch is moved by −jitter … jitter pixels down and right; default ⌊7 / 96 · size⌋ as in the paper; an integer ≥ 0. */
  jitter?: number;
  /** Pairs that are cut out of each image, independent of each other; default 1; an integer ≥ 1. */
  pairsPerImage?: number;
  /** Standardize each patch on its own, per channel; default true. */
  standardize?: boolean;
}

/** Two patches of each image and where the second lies, for each of p pairs per image; pair k of image i is row k · n + i. The caller owns all. */
export interface PatchPairs {
  /** float32 `[p · n, size, size, c]`. */
  readonly first: tf.Tensor4D;
  /** float32 `[p · n, size, size, c]`, next to the first. */
  readonly second: tf.Tensor4D;
  /** int32 `[p · n]` in 0 … 7: the eight neighbors of the first patch row by row, top left, top, top right, left, right, bottom left, bottom, bottom right. */
  readonly labels: tf.Tensor1D;
}

/**
 * Cuts a patch and one of its eight neighbors out of each image, as the prediction of relative positions trains on.
 *
 * @param options see {@link PatchPairsOptions}
 * @returns a function `(images, rng)`: float32 `[n, h, w, c]` → {@link PatchPairs}; row r takes the r-th draw of the streams under `rng`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the function `SELFSUP_SHAPE` on images that are not rank 4 or smaller than three patches,
 * two gaps and two jitters, `SELFSUP_DTYPE` on images that are not float32
 * @see Doersch et al.: "Unsupervised Visual Representation Learning by Context Prediction", https://arxiv.org/abs/1505.05192
 * @remarks The first patch is placed uniformly where all of its neighbors would lie inside of the image, so its place says nothing about the label. The
 * paper takes many pairs of each image; its patches have 96 pixels, gaps of 48 and jitter 7, and lose color channels against chromatic aberration, which is not done
 * here.
 * @example
 * ```ts
 * import { patchPairs } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const { first, second, labels } = patchPairs({ size: 8, gap: 3, jitter: 1 })(tf.zeros<tf.Rank.R4>([4, 32, 32, 3]), createRng(0));
 * ```
 */
export function patchPairs(options: PatchPairsOptions): (images: tf.Tensor4D, rng: Rng) => PatchPairs {
  const { size, pairsPerImage = 1, standardize = true } = options;
  const { gap = Math.floor(size / 2), jitter = Math.floor((7 * size) / 96) } = options;
  checkWhole('patchPairs', 'size', { value: size, least: 1 });
  checkWhole('patchPairs', 'gap', { value: gap, least: 0 });
  checkWhole('patchPairs', 'pairsPerImage', { value: pairsPerImage, least: 1 });
  checkWhole('patchPairs', 'jitter', { value: jitter, least: 0 });
  const extent = 3 * size + 2 * gap + 2 * jitter;
  return (images, rng) => {
    checkImages('patchPairs', images);
    const [numImages, height, width] = images.shape;
    const n = pairsPerImage * numImages;
    if (height < extent || width < extent)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `patchPairs: \`images\` must have at least ${extent}×${extent} pixels for patches of ${size} with gap ${gap} and jitter ${jitter}, got ${height}×${width}`,
      );
    const draw = (tag: string, choices: number) =>
      Array.from(drawUniform(rng.stacked(pairsPerImage).fold(tag), n), (value) => Math.floor(value * choices));
    const labels = draw('neighbor', 8);
    const corner = { top: draw('y', height - extent + 1), left: draw('x', width - extent + 1) };
    const cut = (which: 'first' | 'second') => {
      const shift = { top: draw(`${which} y`, 2 * jitter + 1), left: draw(`${which} x`, 2 * jitter + 1) }; // 0 … 2·jitter
      const cell = labels.map((label) => (which === 'first' ? 4 : label + Number(label >= 4))); // of nine, row by row
      const at = (key: 'top' | 'left') =>
        cell.map((place, i) => corner[key][i]! + shift[key][i]! + (key === 'top' ? Math.floor(place / 3) : place % 3) * (size + gap));
      const patches = cutPatches(images, { image: labels.map((_, row) => row % numImages), top: at('top'), left: at('left') }, size);
      return standardize ? standardizePatches(patches) : patches;
    };
    return tf.tidy(() => ({ first: cut('first'), second: cut('second'), labels: tf.tensor1d(labels, 'int32') }));
  };
}

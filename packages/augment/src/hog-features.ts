import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { SelfsupError } from '@selfsup/core';

/** Options of {@link hogFeatures}. */
export interface HogFeaturesOptions {
  /** Height and width of a cell in pixels, ≥ 1; the sides of the images are multiples of it. Default 8. */
  cellSize?: number;
  /** Bins for the directions from 0 to 180 degrees, ≥ 2; default 9. */
  numBins?: number;
}

/**
 * Histograms of oriented gradients: for each cell of an image, and each of its channels, how strong the edges of each direction are.
 *
 * @param options see {@link HogFeaturesOptions}
 * @returns a function from images float32 `[n, height, width, channels]` to float32 `[n, height/cellSize, width/cellSize, channels · numBins]`, the bins of the
 * first channel first; those of a channel have length 1, or 0 in a cell of one color
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from the function `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Dalal, Triggs: "Histograms of Oriented Gradients for Human Detection", CVPR 2005; Wei et al.: "Masked Feature Prediction for Self-Supervised Visual
 * Pre-Training", section 3.2, https://arxiv.org/abs/2112.09133
 * @remarks The values of scikit-image's `hog` of each channel with cells of one block, `block_norm='L2'`: differences of the two neighbors, 0 at the border; each
 * pixel votes for one bin, with its magnitude; epsilon 1e-5. The code of MaskFeat takes Sobel's differences and mirrors the image at its border. What is added
 * to a channel does not matter, nor its scale: standardized images have the features of the others.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { hogFeatures } from '@selfsup/augment';
 * const describe = hogFeatures({ cellSize: 4 });
 * console.log(describe(tf.randomUniform<tf.Rank.R4>([2, 32, 32, 3])).shape); // [2, 8, 8, 27]
 * ```
 */
export function hogFeatures(options: HogFeaturesOptions = {}): (images: tf.Tensor4D) => tf.Tensor4D {
  const { cellSize = 8, numBins = 9 } = options;
  for (const [name, value, least] of [
    ['cellSize', cellSize, 1],
    ['numBins', numBins, 2],
  ] as const)
    if (!Number.isSafeInteger(value) || value < least)
      throw new SelfsupError('SELFSUP_OPTION', `hogFeatures: \`${name}\` must be an integer >= ${least}, got ${value}`);
  return (images) => {
    checkImages('hogFeatures', images);
    const [n, height, width, channels] = images.shape;
    if (height % cellSize !== 0 || width % cellSize !== 0)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `hogFeatures: \`images\` must have sides that are multiples of \`cellSize\` ${cellSize}, got [${images.shape.join(', ')}]`,
      );
    return tf.tidy(() => {
      const [down, across] = [differences(images, 1), differences(images, 2)];
      const magnitude = tf.sqrt(tf.add(tf.square(down), tf.square(across)));
      // beside the line of each direction: > 0 on one side of it, < 0 on the other; that of 180 degrees is that of 0 turned around
      const beside = Array.from({ length: numBins }, (_, bin) => {
        const angle = (Math.PI * bin) / numBins;
        return bin === 0 ? down : tf.sub(tf.mul(down, Math.cos(angle)), tf.mul(across, Math.sin(angle)));
      });
      const votes = beside.map((line, bin) => {
        const next = bin + 1 < numBins ? beside[bin + 1]! : tf.neg(down);
        const between = tf.logicalOr(tf.less(tf.mul(line, next), 0), tf.equal(line, 0)); // the first line counts, the next does not
        return tf.mul(magnitude, tf.cast(between, 'float32')); // [n, height, width, channels]
      });
      const pixels = tf.reshape<tf.Rank.R4>(tf.stack(votes, 4), [n, height, width, channels * numBins]);
      const [rows, columns] = [height / cellSize, width / cellSize];
      const cells = tf.reshape(tf.avgPool(pixels, cellSize, cellSize, 'valid'), [n, rows, columns, channels, numBins]);
      const length = tf.sqrt(tf.add(tf.sum(tf.square(cells), 4, true), 1e-10));
      return tf.reshape(tf.div(cells, length), [n, rows, columns, channels * numBins]);
    });
  };
}

/** The difference of the two neighbors of each pixel along an axis, 0 at the border. */
function differences(images: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const size = images.shape[axis];
  if (size < 3) return tf.zerosLike(images);
  const part = (begin: number) => {
    const [from, shape] = [[0, 0, 0, 0], [...images.shape]];
    from[axis] = begin;
    shape[axis] = size - 2;
    return tf.slice(images, from, shape);
  };
  const pads: [number, number][] = [0, 1, 2, 3].map((each) => (each === axis ? [1, 1] : [0, 0]));
  return tf.pad(tf.sub(part(2), part(0)), pads);
}

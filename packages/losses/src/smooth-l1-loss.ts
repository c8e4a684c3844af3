import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkPerRow } from './check-weights.ts';
import { weightedMean } from './weighted-mean.ts';

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1LossOptions {
  /** Where the loss turns from a parabola into a line: > 0, default 1. data2vec has 2 for images and 4 for text. */
  beta?: number;
  /** float32 `[n]`, not negative: how much each row counts; default all alike. */
  weights?: tf.Tensor1D;
}

/**
 * How far predicted features are from the true ones: d²/(2β) for differences d within β, |d| − β/2 beyond; the mean over the columns, then over the rows.
 *
 * @param predictions float32 `[n, dim]`
 * @param targets float32 of the same shape; receives no gradient from a task that computes it without a tape
 * @param options see {@link SmoothL1LossOptions}
 * @returns float32 scalar ≥ 0; 0 where all weights are
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit, `SELFSUP_DTYPE` unless float32, `SELFSUP_OPTION` on a `beta` that is not > 0
 * @see Baevski et al.: "data2vec", eq. 2, https://arxiv.org/abs/2202.03555; Girshick: "Fast R-CNN", eq. 3, https://arxiv.org/abs/1504.08083
 * @remarks The value of PyTorch's `smooth_l1_loss` with `reduction='mean'`. The authors' code of data2vec sums over the columns and divides by √dim: √dim times
 * this value.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { smoothL1Loss } from '@selfsup/losses';
 * smoothL1Loss(tf.tensor2d([[0.5, 3]]), tf.tensor2d([[0, 0]])).print(); // (0.125 + 2.5) / 2
 * ```
 */
export function smoothL1Loss(predictions: tf.Tensor2D, targets: tf.Tensor2D, options: SmoothL1LossOptions = {}): tf.Scalar {
  const { beta = 1, weights } = options;
  if (!(beta > 0 && beta < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `smoothL1Loss: \`beta\` must be a finite number > 0, got ${beta}`);
  checkEmbeddings('smoothL1Loss', [
    ['predictions', predictions],
    ['targets', targets],
  ]);
  if (weights) checkPerRow('smoothL1Loss', { name: 'weights', tensor: weights, rows: predictions.shape[0], dtype: 'float32' });
  return tf.tidy(() => {
    const apart = tf.abs(tf.sub(predictions, targets));
    const near = tf.minimum(apart, beta); // the parabola's part; beyond it the loss grows by as much as the difference
    const perRow = tf.mean<tf.Tensor1D>(tf.add(tf.mul(tf.square(near), 0.5 / beta), tf.sub(apart, near)), 1); // [n]
    return weights ? weightedMean(perRow, weights) : tf.mean(perRow);
  });
}

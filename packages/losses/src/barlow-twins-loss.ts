import * as tf from '@tensorflow/tfjs-core';
import { batchNormTraining, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link barlowTwinsLoss}. */
export interface BarlowTwinsLossOptions {
  /** The weight of the redundancy term, ≥ 0; default 0.0051, the authors' code (the paper rounds it to 5e-3). */
  lambda?: number;
  /** The loss is multiplied by it, > 0; default 1, the authors' code and lightly. solo-learn has 0.025, on CIFAR 0.1. */
  scale?: number;
}

/**
 * The loss of Barlow Twins: the cross-correlation matrix of two views' dimensions should be the identity.
 *
 * Each dimension is standardized over the batch with the biased variance + 1e-5; with C = AᵀB/n: Σᵢ (1 − Cᵢᵢ)² + lambda · Σ_{i≠j} Cᵢⱼ².
 *
 * @param a float32 `[n, dim]`, n ≥ 2: the projections of one view, not normalized
 * @param b float32 of the shape of `a`: the other view's; row i of both comes from image i
 * @param options see {@link BarlowTwinsLossOptions}
 * @returns float32 scalar ≥ 0 up to rounding
 * @throws SelfsupError `SELFSUP_SHAPE` on other ranks, unequal shapes or a single row; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an option out of
 * range
 * @see Zbontar et al.: "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", eq. 1 and 2, https://arxiv.org/abs/2103.03230
 * @remarks Mean and variance are those of all rows given; the authors synchronize their batch norm over the ranks, so give it the rows of all of them. Holds `[dim, dim]`
 * matrices in memory.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { barlowTwinsLoss } from '@selfsup/losses';
 * const a = tf.tensor2d([[1, 1], [1, -1], [-1, 1], [-1, -1]]);
 * barlowTwinsLoss(a, a).print(); // about 0: the same, and without redundancy
 * barlowTwinsLoss(a, tf.neg(a)).print(); // about 8
 * ```
 */
export function barlowTwinsLoss(a: tf.Tensor2D, b: tf.Tensor2D, options: BarlowTwinsLossOptions = {}): tf.Scalar {
  const { lambda = 0.0051, scale = 1 } = options;
  checkEmbeddings('barlowTwinsLoss', [
    ['a', a],
    ['b', b],
  ]);
  const [n, dim] = a.shape;
  if (n < 2) throw new SelfsupError('SELFSUP_SHAPE', `barlowTwinsLoss: \`a\` must have at least 2 rows, got shape [${n}, ${dim}]`);
  if (!(lambda >= 0 && lambda < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `barlowTwinsLoss: \`lambda\` must be a finite number >= 0, got ${lambda}`);
  if (!(scale > 0 && scale < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `barlowTwinsLoss: \`scale\` must be a finite number > 0, got ${scale}`);
  return tf.tidy(() => {
    const [one, zero] = [tf.ones([dim]), tf.zeros([dim])];
    const standardize = (rows: tf.Tensor2D) => batchNormTraining(rows, { scale: one, offset: zero, epsilon: 1e-5 }).y as tf.Tensor2D; // [n, dim]
    const [left, right] = [standardize(a), standardize(b)];
    const correlation = tf.div(tf.matMul(left, right, true), n); // [dim, dim]
    const diagonal = tf.div(tf.sum(tf.mul(left, right), 0), n); // [dim], without a mask of [dim, dim]
    const invariance = tf.sum(tf.square(tf.sub(1, diagonal)));
    const redundancy = tf.sub(tf.sum(tf.square(correlation)), tf.sum(tf.square(diagonal)));
    return tf.mul<tf.Scalar>(tf.add(invariance, tf.mul(redundancy, lambda)), scale);
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link featureContrastLoss}. */
export interface FeatureContrastLossOptions {
  /** What both terms together are multiplied by; finite and ≥ 0, default 10 as in the authors' code. */
  scale?: number;
}

/**
 * All4One's contrast of features: each column of a view's projections must be the same column of the other view's targets, and no other.
 *
 * With columns of unit length C_d = targets_dᵀ · predictions_d for direction d: scale · (√(mean over d of mean (C_ii − 1)²) + √(mean over d of mean C_ij²)) / 2.
 *
 * @param predictions one or more float32 tensors `[n, dim]`, one for each direction; columns are L2-normalized inside
 * @param targets as many, of the same shape
 * @param options see {@link FeatureContrastLossOptions}
 * @returns float32 scalar ≥ 0
 * @throws SelfsupError `SELFSUP_SHAPE` on no direction, unequal counts, other ranks or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad
 * scale
 * @see Estepa et al.: "All4One: Symbiotic Neighbour Contrastive Learning via Self-Attention and Redundancy Reduction", section 3.3,
 * https://arxiv.org/abs/2303.09417
 * @remarks Unlike Barlow Twins it does not center the columns, and takes the roots of means, as in the authors' code in solo-learn. Both sides get a gradient:
 * compute targets without a tape where they are constant. With one column there is nothing outside of the diagonal.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { featureContrastLoss } from '@selfsup/losses';
 * const z = tf.tensor2d([[1, 0], [0, 1]]);
 * featureContrastLoss([z], [z]).print(); // 0
 * ```
 */
export function featureContrastLoss(
  predictions: readonly tf.Tensor2D[],
  targets: readonly tf.Tensor2D[],
  options: FeatureContrastLossOptions = {},
): tf.Scalar {
  const { scale = 10 } = options;
  const directions = predictions.length;
  if (directions === 0 || targets.length !== directions)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `featureContrastLoss: \`targets\` must hold as many tensors as \`predictions\`, at least one, got ${targets.length} for ${directions}`,
    );
  checkEmbeddings('featureContrastLoss', [
    ...predictions.map((rows, d) => [`predictions[${d}]`, rows] as const),
    ...targets.map((rows, d) => [`targets[${d}]`, rows] as const),
  ]);
  if (!(scale >= 0 && scale < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `featureContrastLoss: \`scale\` must be a finite number >= 0, got ${scale}`);
  return tf.tidy(() => {
    const dim = predictions[0]!.shape[1];
    const diagonal = tf.eye(dim);
    const columns = (x: tf.Tensor2D) => l2Normalize(tf.transpose(x)); // [dim, n]
    const products = predictions.map((rows, d) => tf.matMul(columns(targets[d]!), columns(rows), false, true)); // each [dim, dim]
    const root = (sum: tf.Tensor, count: number) => tf.sqrt(tf.maximum(tf.div(sum, Math.max(1, directions * count)), 1e-12)); // its slope at 0 is infinite
    const on = tf.addN(products.map((c) => tf.sum(tf.square(tf.mul(tf.sub(c, 1), diagonal)))));
    const off = tf.addN(products.map((c) => tf.sum(tf.square(tf.mul(c, tf.sub(1, diagonal))))));
    return tf.mul<tf.Scalar>(tf.add(root(on, dim), root(off, dim * (dim - 1))), scale / 2);
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkTermWeights } from './check-term-weights.ts';

/** Options of {@link vicregLoss}. */
export interface VicregLossOptions {
  /** The weight of the invariance term, ≥ 0; default 25. */
  invarianceWeight?: number;
  /** The weight of the variance term, ≥ 0; default 25. */
  varianceWeight?: number;
  /** The weight of the covariance term, ≥ 0; default 1. */
  covarianceWeight?: number;
  /**
   * `'halved'` (default): the variance term is the mean of both views', as in the authors' code and lightly. `'summed'`: their sum, as in solo-learn, whose
   * weight of 25 acts like 50 here.
   */
  convention?: 'halved' | 'summed';
}

/** [variance term, covariance term] of rows `[n, dim]`. */
function regularizers(rows: tf.Tensor2D): [variance: tf.Tensor, covariance: tf.Tensor] {
  const [n, dim] = rows.shape;
  const centered = tf.sub<tf.Tensor2D>(rows, tf.mean(rows, 0)); // [n, dim]
  const variances = tf.div(tf.sum(tf.square(centered), 0), n - 1); // [dim], unbiased
  const covariances = tf.div(tf.matMul(centered, centered, true), n - 1); // [dim, dim]
  const hinge = tf.mean(tf.relu(tf.sub(1, tf.sqrt(tf.add(variances, 1e-4)))));
  return [hinge, tf.div(tf.sub(tf.sum(tf.square(covariances)), tf.sum(tf.square(variances))), dim)]; // the diagonal holds the variances
}

/**
 * The loss of VICReg: views of one image agree, each dimension keeps a deviation of 1, and dimensions do not covary.
 *
 * invarianceWeight · mean((a − b)²) + varianceWeight · ½ Σ_views mean_j max(0, 1 − √(Var_j + 1e-4)) + covarianceWeight · Σ_views Σ_{i≠j} Cov_ij²/dim, with
 * the unbiased variance and covariance.
 *
 * @param a float32 `[n, dim]`, n ≥ 2: the projections of one view, not normalized
 * @param b float32 of the shape of `a`: the other view's; row i of both comes from image i
 * @param options see {@link VicregLossOptions}
 * @returns float32 scalar ≥ 0 up to rounding
 * @throws SelfsupError `SELFSUP_SHAPE` on other ranks, unequal shapes or a single row; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an option out of
 * range
 * @see Bardes, Ponce, LeCun: "VICReg: Variance-Invariance-Covariance Regularization", eq. 1 to 6, https://arxiv.org/abs/2105.04906
 * @remarks Holds `[dim, dim]` matrices in memory.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { vicregLoss } from '@selfsup/losses';
 * const collapsed = tf.ones<tf.Rank.R2>([4, 2]);
 * vicregLoss(collapsed, collapsed).print(); // 24.75: 25 · (1 − √1e-4)
 * ```
 */
export function vicregLoss(a: tf.Tensor2D, b: tf.Tensor2D, options: VicregLossOptions = {}): tf.Scalar {
  const { invarianceWeight = 25, varianceWeight = 25, covarianceWeight = 1, convention = 'halved' } = options;
  checkEmbeddings('vicregLoss', [
    ['a', a],
    ['b', b],
  ]);
  if (a.shape[0] < 2)
    throw new SelfsupError('SELFSUP_SHAPE', `vicregLoss: \`a\` must have at least 2 rows, got shape [${a.shape.join(', ')}]`);
  checkTermWeights('vicregLoss', { invarianceWeight, varianceWeight, covarianceWeight });
  if (convention !== 'halved' && convention !== 'summed')
    throw new SelfsupError('SELFSUP_OPTION', `vicregLoss: \`convention\` must be 'halved' or 'summed', got '${convention as string}'`);
  return tf.tidy(() => {
    const invariance = tf.mean(tf.squaredDifference(a, b));
    const perView = [a, b].map(regularizers);
    const variance = tf.mul(tf.addN(perView.map(([term]) => term)), convention === 'halved' ? 0.5 : 1);
    const covariance = tf.addN(perView.map(([, term]) => term));
    return tf.add<tf.Scalar>(
      tf.add(tf.mul(invariance, invarianceWeight), tf.mul(variance, varianceWeight)),
      tf.mul(covariance, covarianceWeight),
    );
  });
}

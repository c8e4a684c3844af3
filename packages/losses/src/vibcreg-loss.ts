import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/core';
import { checkTermWeights } from './check-term-weights.ts';
import { checkViews } from './check-views.ts';

/** Options of {@link vibcregLoss}. */
export interface VibcregLossOptions {
  /** The weight of the agreement, ≥ 0; default 25. */
  invarianceWeight?: number;
  /** The weight of the columns' variance, ≥ 0; default 25. */
  varianceWeight?: number;
  /** The weight of the columns' correlation, ≥ 0; default 200. */
  covarianceWeight?: number;
}

/** [variance term, correlation term] of rows `[n, dim]`. */
function regularizers(rows: tf.Tensor2D): [variance: tf.Tensor, correlation: tf.Tensor] {
  const [n, dim] = rows.shape;
  const columns = tf.transpose(tf.sub<tf.Tensor2D>(rows, tf.mean(rows, 0))); // [dim, n]
  const hinge = tf.mean(tf.relu(tf.sub(1, tf.sqrt(tf.add(tf.div(tf.sum(tf.square(columns), 1), n - 1), 1e-4)))));
  const unit = l2Normalize(columns);
  const correlations = tf.mul(tf.matMul(unit, unit, false, true), tf.sub(1, tf.eye(dim))); // [dim, dim]
  return [hinge, tf.mean(tf.square(correlations))];
}

/**
 * VIbCReg's loss: VICReg's with correlations, which have a scale of their own, in the place of covariances.
 *
 * invarianceWeight · mean((a − b)²) + varianceWeight · Σ_views mean_j max(0, 1 − √(Var_j + 1e-4)) + covarianceWeight · Σ_views Σ_{i≠j} Corr_ij²/dim²
 *
 * @param a float32 `[n, dim]`, n ≥ 2: the projections of one view, not normalized
 * @param b float32 of the shape of `a`: the other view's
 * @param options see {@link VibcregLossOptions}
 * @returns float32 scalar ≥ 0
 * @throws SelfsupError `SELFSUP_SHAPE` on unequal shapes or a single row; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad weight
 * @see Lee, Aune: "VIbCReg: Variance-Invariance-better-Covariance Regularization for Self-Supervised Learning on Time Series", https://arxiv.org/abs/2109.00783
 * @remarks Weights and sums as in solo-learn: the variance terms of both views are added. The unbiased variance. The paper also whitens the projections by iterative
 * normalization, a part of the network.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { vibcregLoss } from '@selfsup/losses';
 * const collapsed = tf.ones<tf.Rank.R2>([4, 2]);
 * vibcregLoss(collapsed, collapsed).print(); // 49.5: 2 · 25 · (1 − √1e-4)
 * ```
 */
export function vibcregLoss(a: tf.Tensor2D, b: tf.Tensor2D, options: VibcregLossOptions = {}): tf.Scalar {
  const { invarianceWeight = 25, varianceWeight = 25, covarianceWeight = 200 } = options;
  checkViews('vibcregLoss', [a, b], { rows: 2 });
  checkTermWeights('vibcregLoss', { invarianceWeight, varianceWeight, covarianceWeight });
  return tf.tidy(() => {
    const [first, second] = [regularizers(a), regularizers(b)];
    const agreement = tf.mul(tf.mean(tf.squaredDifference(a, b)), invarianceWeight);
    const variance = tf.mul(tf.add(first[0], second[0]), varianceWeight);
    return tf.add<tf.Scalar>(tf.add(agreement, variance), tf.mul(tf.add(first[1], second[1]), covarianceWeight));
  });
}

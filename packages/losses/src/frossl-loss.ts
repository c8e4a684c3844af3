import * as tf from '@tensorflow/tfjs-core';
import { checkTermWeights } from './check-term-weights.ts';
import { checkViews } from './check-views.ts';

/** Options of {@link frosslLoss}. */
export interface FrosslLossOptions {
  /** The weight of the agreement, ≥ 0; default 1. */
  invarianceWeight?: number;
}

/**
 * FroSSL's loss: views agree, and the spectrum of each view's columns is flat, by the logarithm of a Frobenius norm.
 *
 * Σ over views of 2 · log ‖ZᵀZ/trace‖_F + invarianceWeight · Σ over views of (views/n) · ‖Z − mean of the views' Z‖²_F, with columns of unit length.
 *
 * @param views two or more float32 `[n, dim]`, no column all zeros; columns are L2-normalized inside
 * @param options see {@link FrosslLossOptions}
 * @returns float32 scalar
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad weight
 * @see Skean et al.: "FroSSL: Frobenius Norm Minimization for Efficient Multiview Self-Supervised Learning", eq. 3, https://arxiv.org/abs/2310.02903
 * @remarks Scaled as in lightly and the authors' code: the mean squared error times the number of views and columns. The smaller of ZᵀZ and ZZᵀ is computed, which
 * have one norm.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { frosslLoss } from '@selfsup/losses';
 * const view = tf.tensor2d([[1, 0], [0, 1]]);
 * frosslLoss([view, view]).print(); // -1.3863: 2 · 2 · log √½
 * ```
 */
export function frosslLoss(views: readonly tf.Tensor2D[], options: FrosslLossOptions = {}): tf.Scalar {
  const { invarianceWeight = 1 } = options;
  checkViews('frosslLoss', views);
  checkTermWeights('frosslLoss', { invarianceWeight });
  return tf.tidy(() => {
    const [n, dim] = views[0]!.shape;
    const unit = views.map((view) => tf.div<tf.Tensor2D>(view, tf.sqrt(tf.maximum(tf.sum(tf.square(view), 0), 1e-24)))); // [n, dim]; the root's slope at 0 is infinite
    const center = tf.div(tf.addN(unit), views.length);
    const terms = unit.map((z) => {
      const gram = n > dim ? tf.matMul(z, z, true) : tf.matMul(z, z, false, true); // of trace dim
      const spectrum = tf.log(tf.maximum(tf.div(tf.sum(tf.square(gram)), dim * dim), 1e-30)); // of the squared norm
      return tf.add(spectrum, tf.mul(tf.mean(tf.squaredDifference(z, center)), views.length * dim * invarianceWeight));
    });
    return tf.addN(terms) as tf.Scalar;
  });
}

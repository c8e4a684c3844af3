import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, oneHot, SelfsupError } from '@selfsup/core';
import { checkViews } from './check-views.ts';
import { inverseCholesky } from './inverse-cholesky.ts';

/** Options of {@link wMseLoss}. */
export interface WMseLossOptions {
  /** How much of the matrix that `shrinkTo` says is mixed into the covariance, in [0, 1); default 0 as in the authors' code. */
  epsilon?: number;
  /**
   * `'unit'` (default): the unit matrix, as in the authors' code. `'variance'`: the unit matrix times the mean variance of the columns, as with Ledoit and Wolf;
   * then the loss does not depend on the scale of the rows, which is small at the start of training.
   */
  shrinkTo?: 'unit' | 'variance';
  /** Rows that are whitened together, a divisor of the rows and more than the columns; default all. */
  groupSize?: number;
  /** int32 `[n]`: the order in which rows are put into groups, a permutation; default as they are. */
  order?: tf.Tensor1D;
}

/** Rows `[groups, size, dim]` with mean 0 and the unit matrix as covariance in each group. */
function whiten(rows: tf.Tensor3D, { epsilon, shrinkTo }: Required<Pick<WMseLossOptions, 'epsilon' | 'shrinkTo'>>): tf.Tensor3D {
  const [, size, dim] = rows.shape;
  const centered = tf.sub<tf.Tensor3D>(rows, tf.mean(rows, 1, true));
  const covariances = tf.div<tf.Tensor3D>(tf.matMul(centered, centered, true), size - 1); // [groups, dim, dim]
  const scale = () => (shrinkTo === 'unit' ? 1 : tf.maximum(tf.div(tf.sum(tf.square(centered), [1, 2], true), (size - 1) * dim), 1e-20));
  const mixed =
    epsilon === 0 ? covariances : tf.add<tf.Tensor3D>(tf.mul(covariances, 1 - epsilon), tf.mul(tf.mul(tf.eye(dim), epsilon), scale()));
  return tf.matMul(centered, inverseCholesky(mixed), false, true);
}

/**
 * The loss of W-MSE: views of one image agree after the rows of each view were whitened, which alone keeps them from collapsing.
 *
 * The mean over pairs of views and over rows of 2 − 2 · cos(whitened a, whitened b).
 *
 * @param views two or more float32 `[n, dim]`, n > dim and better 2 · dim, not normalized; row i of each comes from image i
 * @param options see {@link WMseLossOptions}
 * @returns float32 scalar in [0, 4]
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views, unequal shapes, or groups of no more rows than columns; `SELFSUP_DTYPE` unless float32;
 * `SELFSUP_OPTION` on an option out of range
 * @see Ermolov et al.: "Whitening for Self-Supervised Representation Learning", section 3, https://arxiv.org/abs/2007.06346
 * @remarks Whitened by the inverse of the Cholesky factor of the unbiased covariance, through which the gradient goes.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { wMseLoss } from '@selfsup/losses';
 * const view = tf.randomNormal<tf.Rank.R2>([8, 2]);
 * wMseLoss([view, view]).print(); // 0
 * ```
 */
export function wMseLoss(views: readonly tf.Tensor2D[], options: WMseLossOptions = {}): tf.Scalar {
  checkViews('wMseLoss', views);
  const [n, dim] = views[0]!.shape;
  const { epsilon = 0, shrinkTo = 'unit', groupSize = n, order } = options;
  if (!(epsilon >= 0 && epsilon < 1)) throw new SelfsupError('SELFSUP_OPTION', `wMseLoss: \`epsilon\` must be in [0, 1), got ${epsilon}`);
  if (!Number.isSafeInteger(groupSize) || groupSize < 1 || n % groupSize !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `wMseLoss: \`groupSize\` must be a divisor of the ${n} rows, got ${groupSize}`);
  if (groupSize <= dim && epsilon === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `wMseLoss: more rows than the ${dim} columns must be whitened together, better twice as many, got ${groupSize}; take larger batches or fewer columns`,
    );
  return tf.tidy(() => {
    const shuffle = order && oneHot(order, n); // a product, whose gradient every backend has
    const whitened = views.map((view) => {
      const groups = tf.reshape<tf.Rank.R3>(shuffle ? tf.matMul(shuffle, view) : view, [n / groupSize, groupSize, dim]);
      return l2Normalize(tf.reshape<tf.Rank.R2>(whiten(groups, { epsilon, shrinkTo }), [n, dim]));
    });
    const pairs = whitened.flatMap((a, i) => whitened.slice(i + 1).map((b) => tf.mean(tf.sum(tf.mul(a, b), 1))));
    return tf.sub<tf.Scalar>(2, tf.mul(tf.addN(pairs), 2 / pairs.length));
  });
}

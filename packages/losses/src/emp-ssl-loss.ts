import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkViews } from './check-views.ts';
import { checkTermWeights } from './check-term-weights.ts';
import { inverseCholesky } from './inverse-cholesky.ts';

/** log det of symmetric positive definite matrices `[count, n, n]`, `[count]`; its gradient is the inverse. */
const logDeterminants = tf.customGrad((x, save) => {
  const factors = inverseCholesky(x as tf.Tensor3D);
  const inverses = tf.matMul(factors, factors, true); // A⁻¹ = L⁻ᵀ·L⁻¹
  (save as tf.GradSaveFunc)([inverses]);
  const [count, n] = (x as tf.Tensor3D).shape;
  const diagonals = tf.sum(tf.mul(factors, tf.eye(n)), 2); // [count, n]
  return {
    value: tf.mul(tf.sum(tf.log(diagonals), 1), -2),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.reshape(dy, [count, 1, 1]), saved[0]!),
  };
});

/**
 * The coding rate of each of several sets of rows: ½·log det(I + dim/(n·epsilon)·ZᵀZ), how much space the rows fill. Internal.
 *
 * @param sets float32 `[count, n, dim]` of unit rows
 * @returns `[count]` in nats
 */
export function codingRates(sets: tf.Tensor3D, epsilon: number): tf.Tensor1D {
  return tf.tidy(() => {
    const [, n, dim] = sets.shape;
    const scale = dim / (n * epsilon);
    const gram = n < dim ? tf.matMul(sets, sets, false, true) : tf.matMul(sets, sets, true); // the smaller one: the determinants are the same
    return tf.mul<tf.Tensor1D>(logDeterminants(tf.add(tf.mul(gram, scale), tf.eye(Math.min(n, dim)))), 0.5);
  });
}

/** Options of {@link empSslLoss}. */
export interface EmpSslLossOptions {
  /** The weight of the patches' agreement, ≥ 0; default 200. */
  similarityWeight?: number;
  /** How finely the rows are coded, > 0; default 0.2. */
  epsilon?: number;
}

/**
 * EMP-SSL's loss: the patches of an image agree with their mean, and each set of patches fills as much of the space as it can.
 *
 * −mean over patches p of ½·log det(I + dim/(n·epsilon)·ZₚᵀZₚ) − similarityWeight · mean over patches and images of cos(zₚ, mean of the image's z)
 *
 * @param views two or more float32 `[n, dim]`: the projections of one patch of each image. Rows are L2-normalized inside
 * @param options see {@link EmpSslLossOptions}
 * @returns float32 scalar
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an option out of range
 * @see Tong et al.: "EMP-SSL: Towards Self-Supervised Learning in One Training Epoch", eq. 1 to 3, https://arxiv.org/abs/2304.03977
 * @remarks As in the authors' code, with its rate in nats and its weight of 200. The determinant is of the smaller of ZᵀZ and ZZᵀ.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { empSslLoss } from '@selfsup/losses';
 * const patch = tf.tensor2d([[1, 0], [0, 1]]);
 * empSslLoss([patch, patch], { similarityWeight: 1, epsilon: 1 }).print(); // -1.6931: log 2 + 1
 * ```
 */
export function empSslLoss(views: readonly tf.Tensor2D[], options: EmpSslLossOptions = {}): tf.Scalar {
  const { similarityWeight = 200, epsilon = 0.2 } = options;
  checkViews('empSslLoss', views);
  checkTermWeights('empSslLoss', { similarityWeight });
  if (!(epsilon > 0 && epsilon < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `empSslLoss: \`epsilon\` must be a finite number > 0, got ${epsilon}`);
  return tf.tidy(() => {
    const rows = tf.stack(views.map((view) => l2Normalize(view))) as tf.Tensor3D; // [patches, n, dim]
    const centers = l2Normalize(tf.mean(rows, 0)); // [n, dim]
    const agreement = tf.mean(tf.sum(tf.mul(rows, centers), 2));
    return tf.neg<tf.Scalar>(tf.add(tf.mean(codingRates(rows, epsilon)), tf.mul(agreement, similarityWeight)));
  });
}

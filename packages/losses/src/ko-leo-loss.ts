import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, oneHot, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link koLeoLoss}. */
export interface KoLeoLossOptions {
  /** Added to the differences and to the distance, so that equal rows have a finite loss; > 0, default 1e-8. */
  epsilon?: number;
}

/**
 * The regularizer KoLeo: spreads unit vectors evenly, by the distance of each to its nearest neighbor in the batch.
 *
 * @param embeddings float32 `[n, dim]`, n ≥ 2; brought to unit length here
 * @param options see {@link KoLeoLossOptions}
 * @returns float32 scalar: −mean over i of log min over j ≠ i of ‖zᵢ − zⱼ‖, at least −log 2
 * @throws SelfsupError `SELFSUP_SHAPE` on another rank or fewer than two rows; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad epsilon
 * @see Sablayrolles et al.: "Spreading Vectors for Similarity Search", eq. 2, https://arxiv.org/abs/1806.03198
 * @see Oquab et al.: "DINOv2: Learning Robust Visual Features without Supervision", section 4, https://arxiv.org/abs/2304.07193
 * @remarks The gradient reaches both rows of a pair; which row is nearest has none. Epsilon stands where DINOv2's code and lightly have it: within
 * PyTorch's `PairwiseDistance` and again within the logarithm.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { koLeoLoss } from '@selfsup/losses';
 * koLeoLoss(tf.tensor2d([[1, 0], [-1, 0]])).print(); // -0.6931: as far apart as can be
 * ```
 */
export function koLeoLoss(embeddings: tf.Tensor2D, options: KoLeoLossOptions = {}): tf.Scalar {
  const { epsilon = 1e-8 } = options;
  checkEmbeddings('koLeoLoss', [['embeddings', embeddings]]);
  const n = embeddings.shape[0];
  if (n < 2)
    throw new SelfsupError('SELFSUP_SHAPE', `koLeoLoss: \`embeddings\` must have at least 2 rows, got [${embeddings.shape.join(', ')}]`);
  if (!(epsilon > 0 && epsilon < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `koLeoLoss: \`epsilon\` must be a finite number > 0, got ${epsilon}`);
  return tf.tidy(() => {
    const z = l2Normalize(embeddings);
    const away = tf.sub(z, tf.matMul<tf.Tensor2D>(nearest(z), z)); // [n, dim]
    const distances = tf.sqrt(tf.sum(tf.square(tf.add(away, epsilon)), 1)); // [n]
    return tf.neg<tf.Scalar>(tf.mean(tf.log(tf.add(distances, epsilon))));
  });
}

/** float32 `[n, n]`: 1 where the column is the row of the greatest product with a row, itself left out; without gradient. */
function nearest(z: tf.Tensor2D): tf.Tensor2D {
  const n = z.shape[0];
  const find = () => {
    const others = tf.sub(tf.matMul(z, z, false, true), tf.mul<tf.Tensor2D>(tf.eye(n), 4)); // products lie between -1 and 1
    return oneHot(tf.argMax<tf.Tensor1D>(others, 1), n);
  };
  // inside a custom gradient nothing is taped
  return tf.customGrad(() => ({ value: find(), gradFunc: () => tf.zerosLike(z) }))(z);
}

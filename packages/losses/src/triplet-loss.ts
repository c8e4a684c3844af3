import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Rows that {@link tripletLoss} compares, each float32 `[n, dim]`, row i of all three belonging together. */
export interface Triplets {
  /** float32 `[n, dim]`. */
  readonly anchor: tf.Tensor2D;
  /** What each anchor is to be near to. */
  readonly positive: tf.Tensor2D;
  /** What it is to be far from. */
  readonly negative: tf.Tensor2D;
}

/** Options of {@link tripletLoss}. */
export interface TripletLossOptions {
  /** By how much the squared distance to the negative is to be larger than that to the positive; ≥ 0, default 0.2. */
  margin?: number;
}

/**
 * The triplet loss: an anchor is to be nearer to its positive than to its negative, by a margin.
 *
 * The mean over the rows of max(0, |anchor − positive|² − |anchor − negative|² + margin).
 *
 * @param triplets see {@link Triplets}; rows are used as they are, so normalize them first where they are to have length 1
 * @param options see {@link TripletLossOptions}
 * @returns float32 scalar ≥ 0, 0 where all rows keep the margin
 * @throws SelfsupError `SELFSUP_SHAPE` on unequal shapes or other ranks; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad margin
 * @see Schroff et al.: "FaceNet: A Unified Embedding for Face Recognition and Clustering", eq. 2, https://arxiv.org/abs/1503.03832
 * @remarks Squared distances, as in the paper; PyTorch's `triplet_margin_loss` has the distances themselves. FaceNet sums over the rows. All three get a gradient.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { tripletLoss } from '@selfsup/losses';
 * const [anchor, positive, negative] = [tf.tensor2d([[0, 1]]), tf.tensor2d([[0, 1]]), tf.tensor2d([[0, 0.7]])];
 * tripletLoss({ anchor, positive, negative }).print(); // 0.11: 0 - 0.09 + 0.2
 * ```
 */
export function tripletLoss({ anchor, positive, negative }: Triplets, options: TripletLossOptions = {}): tf.Scalar {
  const { margin = 0.2 } = options;
  checkEmbeddings('tripletLoss', Object.entries({ anchor, positive, negative }));
  if (!(margin >= 0 && margin < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `tripletLoss: \`margin\` must be finite and >= 0, got ${margin}`);
  return tf.tidy(() => {
    const distance = (other: tf.Tensor2D) => tf.sum(tf.square(tf.sub(anchor, other)), 1); // [n]
    return tf.mean<tf.Scalar>(tf.relu(tf.add(tf.sub(distance(positive), distance(negative)), margin)));
  });
}

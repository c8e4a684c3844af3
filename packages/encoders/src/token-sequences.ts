import type * as tf from '@tensorflow/tfjs-core';

/** A batch of token sequences. */
export interface TokenSequences {
  /** int32 `[batch, length]`. */
  readonly tokenIds: tf.Tensor2D;
  /**
   * `[batch, length]`, 1 where there is a token and 0 where there is padding, any dtype; default all tokens. Padding is attended by nobody. Or
   * `[batch or 1, queries, keys]`, both of them `length`: 1 where the query sees the key.
   */
  readonly attentionMask?: tf.Tensor2D | tf.Tensor3D;
  /** int32 `[batch, length]`, the segment of each token; default all 0. */
  readonly segmentIds?: tf.Tensor2D;
}

import * as tf from '@tensorflow/tfjs-core';

/** How a sentence becomes one vector: the state of its first token, `[CLS]`; or the mean of the states of its tokens. */
export type SentencePooling = 'first' | 'mean';

/**
 * One vector of each sentence. Internal.
 *
 * @param states float32 `[batch, length, width]`
 * @param options `pooling`; `attentionMask` `[batch, length]`, 0 at padding, if there is any
 * @returns float32 `[batch, width]`
 */
export function poolSentences(
  states: tf.Tensor3D,
  options: { readonly pooling: SentencePooling; readonly attentionMask?: tf.Tensor2D | undefined },
): tf.Tensor2D {
  const { pooling, attentionMask } = options;
  const [batch, length, width] = states.shape;
  return tf.tidy(() => {
    if (pooling === 'first') return tf.reshape(tf.slice(states, [0, 0, 0], [batch, 1, width]), [batch, width]);
    if (!attentionMask) return tf.mean(states, 1);
    const weights = tf.cast(attentionMask, 'float32'); // [batch, length]
    const sums = tf.matMul(tf.reshape<tf.Rank.R3>(weights, [batch, 1, length]), states); // [batch, 1, width]
    return tf.div(tf.reshape<tf.Rank.R2>(sums, [batch, width]), tf.maximum(tf.sum(weights, 1, true), 1));
  });
}

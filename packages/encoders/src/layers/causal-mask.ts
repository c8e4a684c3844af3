import * as tf from '@tensorflow/tfjs-core';

/**
 * A mask under which a token sees itself and those before it.
 *
 * @param keys `[batch, length]`: 1 where there is a token, 0 where there is filling
 * @returns float32 `[batch, length, length]`: 1 where the query, axis 1, sees the key, axis 2
 * @example
 * ```ts
 * import { causalMask } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * causalMask(tf.tensor2d([[1, 1, 0]])).print(); // [[[1, 0, 0], [1, 1, 0], [1, 1, 0]]]
 * ```
 */
export function causalMask(keys: tf.Tensor2D): tf.Tensor3D {
  return tf.tidy(() => {
    const present = tf.cast(keys, 'float32');
    const places = tf.cumsum(tf.add(tf.mul(present, 0), 1), 1); // from the input, so that a trace of it holds for any length
    const causal = tf.cast(tf.lessEqual(tf.expandDims(places, 1), tf.expandDims(places, 2)), 'float32'); // [batch, length, length]
    return tf.mul<tf.Tensor3D>(causal, tf.expandDims(present, 1));
  });
}

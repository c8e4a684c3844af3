import * as tf from '@tensorflow/tfjs-core';

/** Each row float32 `[n, dim]` with mean 0 and biased variance 1, as a layer normalization without scale and offset does; epsilon 1e-5. Internal. */
export function standardizeRows(rows: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const centered = tf.sub(rows, tf.mean(rows, 1, true));
    return tf.mul<tf.Tensor2D>(centered, tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), 1e-5)));
  });
}

import * as tf from '@tensorflow/tfjs-core';

/** Each patch float32 `[n, length, patchDim]` with mean 0 and unbiased variance 1. Internal. */
export function standardizePatches(patches: tf.Tensor3D): tf.Tensor3D {
  const size = patches.shape[2];
  return tf.tidy(() => {
    const centered = tf.sub(patches, tf.mean(patches, 2, true));
    const variance = tf.div(tf.sum(tf.square(centered), 2, true), Math.max(1, size - 1)); // unbiased, and 0 for a patch of one value
    return tf.div(centered, tf.sqrt(tf.add(variance, 1e-6)));
  });
}

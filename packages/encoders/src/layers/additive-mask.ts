import * as tf from '@tensorflow/tfjs-core';

const HIDDEN = -1e9; // exp of it is 0 beside any score

/** `[batch, queries, keys]` of 0 and 1, or `[batch, keys]`, as what is added to the scores, `[batch, 1, queries or 1, keys]`. */
export function additiveMask(mask: tf.Tensor2D | tf.Tensor3D): tf.Tensor {
  const [batch, queries, keys] = mask.rank === 2 ? [mask.shape[0], 1, mask.shape[1]] : (mask as tf.Tensor3D).shape;
  return tf.reshape(tf.mul(tf.sub(1, tf.cast(mask, 'float32')), HIDDEN), [batch, 1, queries, keys]);
}

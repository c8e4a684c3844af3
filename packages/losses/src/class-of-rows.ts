import * as tf from '@tensorflow/tfjs-core';

/**
 * A number for each image that two images share when they are of one known class. Internal.
 *
 * @param labels int32 `[n]`, negative where the class is unknown; without, each image is a class of its own
 * @param n the number of images
 * @returns int32 `[n]`
 */
export function classOfRows(labels: tf.Tensor1D | undefined, n: number): tf.Tensor1D {
  if (!labels) return tf.range(0, n, 1, 'int32');
  return tf.where(tf.greaterEqual(labels, 0), labels, tf.range(-1, -1 - n, -1, 'int32'));
}

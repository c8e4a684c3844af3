import * as tf from '@tensorflow/tfjs-core';

/**
 * Makes a float32 variable from its values; tfjs chooses the name, which nothing relies on.
 *
 * @param values the initial values in row-major order
 * @param shape the variable's shape
 * @param trainable false for a buffer, such as a running mean
 * @returns the variable, which the caller disposes
 */
export function createVariable<R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R], trainable: boolean): tf.Variable<R> {
  return tf.tidy(() => tf.variable(tf.tensor<R>(values, shape, 'float32'), trainable));
}

import * as tf from '@tensorflow/tfjs-core';

/**
 * The nearest of the unit rows of a queue for each of some unit rows; without gradient. Internal.
 *
 * @param z float32 `[n, dim]`
 * @param queue float32 `[queueSize, dim]`
 * @returns float32 `[n, dim]`
 */
export function nearestNeighbors(z: tf.Tensor2D, queue: tf.Tensor2D): tf.Tensor2D {
  const find = () => tf.gather(queue, tf.argMax<tf.Tensor1D>(tf.matMul(z, queue, false, true), 1)); // [n, dim]
  // inside a custom gradient nothing is taped
  return tf.customGrad(() => ({ value: find(), gradFunc: () => tf.zerosLike(z) }))(z);
}

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

/**
 * Several of the nearest of the unit rows of a queue for each of some unit rows, nearest first; without gradient. Internal.
 *
 * @param z float32 `[n, dim]`
 * @param queue float32 `[queueSize, dim]`
 * @param count how many, at most `queueSize`
 * @returns float32 `[n, count, dim]`
 */
export function severalNeighbors(z: tf.Tensor2D, queue: tf.Tensor2D, count: number): tf.Tensor3D {
  const [n, dim] = z.shape;
  const find = () => {
    const { indices } = tf.topk(tf.matMul(z, queue, false, true), count); // [n, count]
    return tf.reshape<tf.Rank.R3>(tf.gather(queue, tf.reshape(indices, [n * count])), [n, count, dim]);
  };
  return tf.customGrad(() => ({ value: find(), gradFunc: () => tf.zerosLike(z) }))(z);
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/**
 * Finds the nearest row of a queue. Internal.
 *
 * @param z unit rows `[n, dim]`
 * @param queue unit rows `[queueSize, dim]`
 * @returns the nearest row for each of `z`, `[n, dim]`, without gradient, nothing taped
 * @throws SelfsupError `SELFSUP_OPTION` when the columns differ: then `outputDim` is not the head's
 */
export function nearestNeighbors(z: tf.Tensor2D, queue: tf.Tensor2D): tf.Tensor2D {
  if (z.shape[1] !== queue.shape[1])
    throw new SelfsupError('SELFSUP_OPTION', `nnclr: \`outputDim\` must be ${z.shape[1]}, the head's columns, got ${queue.shape[1]}`);
  const find = () => tf.gather(queue, tf.argMax<tf.Tensor1D>(tf.matMul(z, queue, false, true), 1)); // [n, dim]
  // inside a custom gradient nothing is taped
  return tf.customGrad(() => ({ value: find(), gradFunc: () => tf.zerosLike(z) }))(z);
}

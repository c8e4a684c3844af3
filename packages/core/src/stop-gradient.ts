import * as tf from '@tensorflow/tfjs-core';

/**
 * Passes a tensor on and lets no gradient back.
 *
 * @param x any float32 tensor
 * @returns a tensor equal to `x`, whose gradient towards `x` is zero
 * @see Chen, He: "Exploring Simple Siamese Representation Learning", https://arxiv.org/abs/2011.10566, where it is what prevents collapse
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const stop = tf.customGrad((input) => ({ value: tf.clone(input as tf.Tensor), gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy) }));
  return stop(x) as T;
}

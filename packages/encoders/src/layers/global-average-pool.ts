import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { stateless } from './stateless.ts';

/**
 * The mean of each channel over the whole image.
 *
 * @returns a factory of modules without variables from `[batch, height, width, channels]` to `[batch, channels]`, float32
 */
export function globalAveragePool(): ModuleFactory<tf.Tensor4D, tf.Tensor2D> {
  return stateless((input) => tf.mean<tf.Tensor2D>(input, [1, 2]));
}

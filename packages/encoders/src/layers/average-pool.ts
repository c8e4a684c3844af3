import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkIntegers } from './check-option.ts';
import { stateless } from './stateless.ts';

/** Options of {@link averagePool}. */
export interface AveragePoolOptions {
  /** Side of the window in pixels, ≥ 1. */
  size: number;
  /** Step of the window in pixels, ≥ 1; default `size`. */
  stride?: number;
}

/**
 * The mean of each window, per channel; a remainder at the lower and right border is left out.
 *
 * @param options see {@link AveragePoolOptions}
 * @returns a factory of modules without variables from `[batch, height, width, channels]` to `[batch, height', width', channels]`, float32
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 */
export function averagePool(options: AveragePoolOptions): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  const { size, stride = size } = options;
  checkIntegers('averagePool', { size, stride });
  return stateless((input) => tf.avgPool(input, size, stride, 'valid'));
}

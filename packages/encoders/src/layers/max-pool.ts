import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkIntegers } from './check-option.ts';
import { stateless } from './stateless.ts';

/** Options of {@link maxPool}. */
export interface MaxPoolOptions {
  /** Side of the window in pixels, ≥ 1. */
  size: number;
  /** Step of the window in pixels, ≥ 1. */
  stride: number;
  /** Pixels around the image, ≥ 0, which never win (−∞, not 0), as in PyTorch; default 0. */
  padding?: number;
}

/**
 * The maximum of each window, per channel.
 *
 * @param options see {@link MaxPoolOptions}
 * @returns a factory of modules without variables from `[batch, height, width, channels]` to `[batch, height', width', channels]`, float32
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @remarks Put it after a ReLU: the stock wasm backend of tfjs 4.22 loses the gradient of windows that are nowhere positive, which then is 0 anyway.
 */
export function maxPool(options: MaxPoolOptions): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  const { size, stride, padding = 0 } = options;
  checkIntegers('maxPool', { size, stride });
  checkIntegers('maxPool', { padding }, 0);
  return stateless((input) => tf.maxPool(input, size, stride, padding));
}

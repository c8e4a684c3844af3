import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { leafModule } from './leaf-module.ts';

/**
 * Turns a function of one tensor into a module without variables, to stand in {@link sequential}.
 *
 * @param apply the function; it must return a new tensor
 * @returns a factory whose modules have no variables
 * @example
 * ```ts
 * import { stateless } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const square = stateless((x: tf.Tensor2D) => tf.square(x));
 * ```
 */
export function stateless<I extends tf.Tensor, O extends tf.Tensor>(apply: (input: I) => O): ModuleFactory<I, O> {
  return () => leafModule({ trainable: {} }, apply);
}

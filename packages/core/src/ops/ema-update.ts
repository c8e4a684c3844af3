import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel.ts';

const KERNEL = 'SelfsupEmaUpdate';

/**
 * One step of an exponential moving average: momentum · old + (1 − momentum) · fresh.
 *
 * @param old float32, the average so far
 * @param fresh float32, the shape of `old`
 * @param momentum the weight of the old value, in [0, 1]
 * @returns a new tensor of the shape of `old`
 * @remarks No gradient. One pass over memory where the backend has the kernel `SelfsupEmaUpdate`.
 */
export function emaUpdate<T extends tf.Tensor>(old: T, fresh: T, momentum: number): T {
  if (hasKernel(KERNEL)) return runKernel<T>(KERNEL, { old, fresh }, { momentum });
  return tf.tidy(() => tf.add<T>(tf.mul(old, momentum), tf.mul(fresh, 1 - momentum)));
}

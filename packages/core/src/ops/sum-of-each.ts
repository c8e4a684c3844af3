import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel.ts';

const KERNEL = 'SelfsupSumOfEach';

/**
 * The sum of each of several tensors, as one array: what shows whether all gradients of a step are finite.
 *
 * @param tensors float32 of any shapes, at least one
 * @returns float32 `[tensors]`
 * @remarks No gradient. Few programs for all of them where the backend has the kernel `SelfsupSumOfEach`, as many as there are tensors elsewhere.
 */
export function sumOfEach(tensors: readonly tf.Tensor[]): tf.Tensor1D {
  if (hasKernel(KERNEL)) return runKernel<tf.Tensor1D>(KERNEL, Object.fromEntries(tensors.map((tensor, i) => [`x${i}`, tensor] as const)));
  return tf.tidy(() => tf.stack(tensors.map((tensor) => tf.sum(tensor))) as tf.Tensor1D);
}

import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel.ts';

const KERNEL = 'SelfsupAddEach';

/**
 * The sum of each of several pairs: what an optimizer's updates make of its variables.
 *
 * @param terms float32 tensors
 * @param others as many, each of the shape of its term
 * @returns new tensors, term + other
 * @remarks No gradient. Two pairs in one program where the backend has the kernel `SelfsupAddEach`, one elsewhere.
 */
export function addEach(terms: readonly tf.Tensor[], others: readonly tf.Tensor[]): tf.Tensor[] {
  if (!hasKernel(KERNEL)) return terms.map((term, i) => tf.add(term, others[i]!));
  const inputs = terms.flatMap((term, i) => [[`x${i}`, term] as const, [`y${i}`, others[i]!] as const]);
  return runKernel<tf.Tensor[]>(KERNEL, Object.fromEntries(inputs));
}

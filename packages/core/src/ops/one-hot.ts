import * as tf from '@tensorflow/tfjs-core';

/**
 * A one where each index points and zeros elsewhere, of a single class, too.
 *
 * @param indices int32 of any shape, each at least 0 and below `depth`; what another one gives depends on the backend, on cpu zeros alone
 * @param depth how many columns there are, ≥ 1
 * @returns float32 `[...shape of indices, depth]`
 * @remarks `tf.oneHot` refuses a depth of 1, and on stock wasm it writes integers whatever type is asked for.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { oneHot } from '@selfsup/core';
 * oneHot(tf.tensor1d([2, 0], 'int32'), 3).print(); // [[0, 0, 1], [1, 0, 0]]
 * ```
 */
export function oneHot(indices: tf.Tensor1D, depth: number): tf.Tensor2D;
export function oneHot(indices: tf.Tensor2D, depth: number): tf.Tensor3D;
export function oneHot(indices: tf.Tensor, depth: number): tf.Tensor;
export function oneHot(indices: tf.Tensor, depth: number): tf.Tensor {
  return tf.tidy(() => {
    const ones = depth === 1 ? tf.expandDims(tf.equal(indices, 0), -1) : tf.oneHot(indices, depth);
    return tf.cast(ones, 'float32');
  });
}

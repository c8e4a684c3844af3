import * as tf from '@tensorflow/tfjs-core';

/** What is added to the product with a kernel: x · a · b · scale. */
export interface LowRankAdapter {
  /** `[inputDim, rank]` */
  readonly a: tf.Variable<tf.Rank.R2>;
  /** `[rank, outputDim]` */
  readonly b: tf.Variable<tf.Rank.R2>;
  /** alpha / rank. */
  readonly scale: number;
}

/** By the kernel of the layer that they adapt: layers are closed, and their kernels are theirs alone. */
const adapters = new WeakMap<tf.Variable, LowRankAdapter>();

/** Gives the layer of a kernel an adapter, or takes it away. */
export function setAdapter(kernel: tf.Variable, adapter: LowRankAdapter | undefined): void {
  if (adapter) adapters.set(kernel, adapter);
  else adapters.delete(kernel);
}

/** Adds what the adapter of a kernel says to `output` `[batch, outputDim]`; without one it is what it was. */
export function addAdapter(input: tf.Tensor2D, kernel: tf.Variable<tf.Rank.R2>, output: tf.Tensor2D): tf.Tensor2D {
  const adapter = adapters.get(kernel);
  if (!adapter) return output;
  const { a, b, scale } = adapter;
  return tf.add(output, tf.mul(tf.matMul(tf.matMul(input, a), b), scale));
}

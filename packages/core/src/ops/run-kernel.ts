import * as tf from '@tensorflow/tfjs-core';

/** Whether the current backend has a kernel of this name: the one switch between a fused kernel and its composed definition. Internal. */
export function hasKernel(name: string): boolean {
  return (tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;
}

/** Runs a kernel of the current backend; `T` is one tensor or a tuple of them, as the kernel documents. Internal. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names what the kernel returns
export function runKernel<T extends tf.Tensor | readonly tf.Tensor[]>(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap = {},
): T {
  return tf.engine().runKernel(name, inputs, attrs) as unknown as T;
}

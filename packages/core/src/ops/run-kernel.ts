import * as tf from '@tensorflow/tfjs-core';

/**
 * Tells whether the current backend has a kernel: the one switch between a fused kernel and the composed form.
 *
 * @param name the kernel's name in tfjs's registry
 * @returns true if it is registered
 */
export function hasKernel(name: string): boolean {
  return (tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;
}

/**
 * Runs a kernel of the current backend.
 *
 * @param name a kernel that {@link hasKernel} found
 * @param inputs its tensors by name
 * @param attrs its attributes
 * @returns its tensor, or a tuple of them
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what a kernel returns is known to its caller alone
export function runKernel<T>(name: string, inputs: Readonly<Record<string, tf.Tensor>>, attrs: tf.NamedAttrMap = {}): T {
  return tf.engine().runKernel(name, { ...inputs }, attrs) as unknown as T;
}

import { getBackend, getKernel, registerKernel, unregisterKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { kernelTable } from './kernel-table.ts';
import type { TensorflowBackend } from './tensorflow-backend.ts';

const BACKEND = 'tensorflow';

/** What {@link registerTensorflowKernels} registered. */
export interface TensorflowKernels {
  /** One line for a person, such as `20 training kernels`. */
  readonly description: string;
  /** Names of the kernels that now belong to this package. */
  readonly kernels: readonly string[];
  /** Takes them away again. Calling it again does nothing. */
  dispose(): void;
}

/**
 * Registers the fused operations of `@selfsup/core` on the TensorFlow backend of `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`, by TensorFlow's
 * own kernels.
 *
 * @returns the names of the registered kernels, and `dispose`
 * @throws SelfsupError `SELFSUP_BACKEND` if the current backend is not tensorflow
 * @example
 * ```ts
 * import '@tensorflow/tfjs-node';
 * import { registerTensorflowKernels } from '@selfsup/tensorflow-kernels';
 *
 * const { kernels } = registerTensorflowKernels();
 * console.log(kernels.length);
 * ```
 */
export function registerTensorflowKernels(): TensorflowKernels {
  if (getBackend() !== BACKEND)
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `registerTensorflowKernels: expected the backend '${BACKEND}', got '${getBackend()}'; import @tensorflow/tfjs-node and await tf.setBackend('${BACKEND}') first`,
    );
  const kernels = Object.keys(kernelTable);
  const remove = (name: string) => {
    if (getKernel(name, BACKEND) as KernelConfig | undefined) unregisterKernel(name, BACKEND);
  };
  for (const [kernelName, kernel] of Object.entries(kernelTable)) {
    remove(kernelName);
    registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs, backend }) => kernel(inputs as Parameters<typeof kernel>[0], attrs ?? {}, backend as TensorflowBackend),
    });
  }
  return {
    kernels,
    description: `${kernels.length} training kernels`,
    dispose() {
      for (const name of kernels) remove(name);
    },
  };
}

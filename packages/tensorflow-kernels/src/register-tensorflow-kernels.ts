import { backend, getBackend, getKernel, registerKernel, unregisterKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { compiledKernels, hasCompiledKernels } from './compiled-kernels.ts';
import { kernelTable } from './kernel-table.ts';
import type { TensorflowBackend } from './tensorflow-backend.ts';

const BACKEND = 'tensorflow';

/** Options of {@link registerTensorflowKernels}. */
export interface RegisterTensorflowKernelsOptions {
  /** False leaves the operations alone that `buildTensorflowBinding` compiled into the binding, and takes TensorFlow's own; default true. */
  compiled?: boolean;
}

/** What {@link registerTensorflowKernels} registered. */
export interface TensorflowKernels {
  /** One line for a person, such as `20 training kernels`. */
  readonly description: string;
  /** Names of the kernels that now belong to this package. */
  readonly kernels: readonly string[];
  /** Whether the fused operations are those compiled into the binding. */
  readonly isCompiled: boolean;
  /** Takes them away again. Calling it again does nothing. */
  dispose(): void;
}

/**
 * Registers the fused operations of `@selfsup/core` on the TensorFlow backend of `@tensorflow/tfjs-node` or `@tensorflow/tfjs-node-gpu`, by TensorFlow's
 * own kernels.
 *
 * @param options see {@link RegisterTensorflowKernelsOptions}
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
export function registerTensorflowKernels({ compiled = true }: RegisterTensorflowKernelsOptions = {}): TensorflowKernels {
  if (getBackend() !== BACKEND)
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `registerTensorflowKernels: expected the backend '${BACKEND}', got '${getBackend()}'; import @tensorflow/tfjs-node and await tf.setBackend('${BACKEND}') first`,
    );
  const isCompiled = compiled && hasCompiledKernels(backend() as unknown as TensorflowBackend);
  const table = isCompiled ? { ...kernelTable, ...compiledKernels } : kernelTable;
  const kernels = Object.keys(table);
  const remove = (name: string) => {
    if (getKernel(name, BACKEND) as KernelConfig | undefined) unregisterKernel(name, BACKEND);
  };
  for (const [kernelName, kernel] of Object.entries(table)) {
    remove(kernelName);
    registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs, backend: caller }) =>
        kernel(inputs as Parameters<typeof kernel>[0], attrs ?? {}, caller as TensorflowBackend),
    });
  }
  return {
    kernels,
    isCompiled,
    description: `${kernels.length} training kernels${isCompiled ? ', fused ones compiled in' : ''}`,
    dispose() {
      for (const name of kernels) remove(name);
    },
  };
}

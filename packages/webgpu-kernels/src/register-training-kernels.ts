import { SelfsupError } from '@selfsup/core';
import { backend, getBackend, getKernel, ready, registerKernel, unregisterKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import { kernelTable } from './kernel-table.ts';
import { createRuntime, type KernelTable } from './runtime.ts';
import type { WebgpuBackend } from './webgpu-backend.ts';

/** What {@link registerTrainingKernels} registered. */
export interface TrainingKernels {
  /** Names of the kernels that now belong to this package. */
  readonly kernels: readonly string[];
  /** One line for a person, such as `20 fused kernels`. */
  readonly description: string;
  /** Takes the kernels out again. Calling it again does nothing. */
  dispose(): void;
}

let current: TrainingKernels | undefined;
/** The programs of each backend that has run one; a new backend after `engine().reset()` gets its own. */
const tables = new WeakMap<object, KernelTable>();

function tableOf(owner: object): KernelTable {
  let table = tables.get(owner);
  if (!table) {
    table = kernelTable(createRuntime(owner as WebgpuBackend));
    tables.set(owner, table);
  }
  return table;
}

/**
 * Registers the fused operations of `@selfsup/core` on the WebGPU backend of TensorFlow.js.
 *
 * Call it after `await tf.setBackend('webgpu')`. Where plain tfjs runs five to twelve programs on the GPU for a normalization, a softmax or the update of a
 * variable, these are one or two.
 *
 * @returns the names of the kernels, a line for people, and `dispose`, which takes them out again. A second call returns the first registration.
 * @throws SelfsupError `SELFSUP_BACKEND` if the current backend is not webgpu, or not that of tfjs 4. The kernels themselves throw `SELFSUP_SHAPE` for
 * operands that do not fit and `SELFSUP_MEMORY` for a tensor that is larger than the device's largest buffer.
 * @remarks The kernels belong to every webgpu backend of this copy of tfjs, also to one that starts later. Sums have a fixed order: a device gives the same
 * bits in every run.
 * @example
 * ```ts no-run
 * import '@tensorflow/tfjs-backend-webgpu';
 * import * as tf from '@tensorflow/tfjs-core';
 * import { registerTrainingKernels } from '@selfsup/webgpu-kernels';
 *
 * await tf.setBackend('webgpu');
 * const { kernels } = await registerTrainingKernels();
 * console.log(kernels.length);
 * ```
 */
export async function registerTrainingKernels(): Promise<TrainingKernels> {
  await ready();
  const name = getBackend();
  if (name !== 'webgpu') {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `registerTrainingKernels: expected the backend 'webgpu', got '${name}'; await tf.setBackend('webgpu') first`,
    );
  }
  const owner = backend() as unknown as WebgpuBackend;
  if (typeof owner.ensureCommandEncoderReady !== 'function' || typeof owner.uploadToGPU !== 'function') {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      'registerTrainingKernels: the backend was not recognized; expected @tensorflow/tfjs-backend-webgpu 4.22',
    );
  }
  current ??= register(Object.keys(tableOf(owner)));
  return current;
}

function register(kernels: readonly string[]): TrainingKernels {
  const replaced = new Map<string, KernelConfig>();
  for (const kernelName of kernels) {
    const former = getKernel(kernelName, 'webgpu') as KernelConfig | undefined;
    if (former) {
      replaced.set(kernelName, former);
      unregisterKernel(kernelName, 'webgpu');
    }
    registerKernel({
      ...former,
      kernelName,
      backendName: 'webgpu',
      kernelFunc: ({ inputs, attrs = {}, backend: owner }) => {
        const ours = tableOf(owner)[kernelName]!(inputs, attrs);
        if (ours) return ours;
        if (former) return former.kernelFunc({ inputs, attrs, backend: owner });
        throw new SelfsupError(
          'SELFSUP_BACKEND',
          `${kernelName}: the webgpu backend has no such kernel; import @tensorflow/tfjs-backend-webgpu`,
        );
      },
    });
  }
  let live = true;
  const registration: TrainingKernels = {
    kernels,
    description: `${kernels.length} fused kernels`,
    dispose() {
      if (!live) return;
      live = false;
      if (current === registration) current = undefined;
      for (const kernelName of kernels) {
        unregisterKernel(kernelName, 'webgpu');
        const former = replaced.get(kernelName);
        if (former) registerKernel(former);
      }
    },
  };
  return registration;
}

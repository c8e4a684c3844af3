import {
  backend,
  getBackend,
  getKernel,
  registerKernel,
  unregisterKernel,
  type KernelConfig,
  type KernelFunc,
} from '@tensorflow/tfjs-core';
import { batchNormKernels } from './batch-norm-kernels.ts';
import { castKernel } from './cast-kernel.ts';
import { convolution3dKernels } from './convolution-3d-kernels.ts';
import { convolutionKernels } from './convolution-kernels.ts';
import { depthwiseKernels } from './depthwise-kernels.ts';
import { SelfsupError } from './errors.ts';
import { gatherKernels } from './gather-kernels.ts';
import { loadKernels, supportedSimd, type SimdBuild } from './load-kernels.ts';
import { identityKernel } from './identity-kernel.ts';
import { oneHotKernel } from './one-hot-kernel.ts';
import { matmulKernels } from './matmul-kernels.ts';
import { pooling3dKernels } from './pooling-3d-kernels.ts';
import { poolingKernels } from './pooling-kernels.ts';
import { preluKernel } from './prelu-kernel.ts';
import { resizeKernels } from './resize-kernels.ts';
import { createRuntime, type KernelTable, type Runtime } from './runtime.ts';
import { sumKernel } from './sum-kernel.ts';
import { backendMemory, type WasmBackend } from './wasm-backend.ts';

/** Options of {@link registerTrainingKernels}. */
export interface RegisterTrainingKernelsOptions {
  /** The build to use. Default: `'relaxed'` where the engine has relaxed SIMD, else `'plain'`. */
  simd?: SimdBuild;
  /** Folder (ending in `/`) that holds the four `.wasm` files, for pages that serve them elsewhere. Default: `assets/` of this package. */
  assetsUrl?: string | URL;
}

/** What {@link registerTrainingKernels} registered. */
export interface TrainingKernels {
  /** The build in use. */
  readonly simd: SimdBuild;
  /** Names of the kernels that now belong to this package. */
  readonly kernels: readonly string[];
  /** Puts the stock kernels back and frees the scratch space. Calling it again does nothing. */
  dispose(): void;
}

interface Registration extends TrainingKernels {
  readonly owner: WasmBackend;
}

let current: Registration | undefined;

function families(runtime: Runtime): KernelTable {
  const convolution = convolutionKernels(runtime);
  const pooling = poolingKernels(runtime);
  return {
    ...matmulKernels(runtime),
    ...convolution,
    ...convolution3dKernels(runtime, convolution),
    ...depthwiseKernels(runtime),
    ...pooling,
    ...pooling3dKernels(runtime, pooling['MaxPoolGrad']!),
    ...gatherKernels(runtime),
    ...identityKernel(runtime),
    ...oneHotKernel(runtime),
    ...sumKernel(runtime),
    ...batchNormKernels(runtime),
    ...castKernel(runtime),
    ...preluKernel(runtime),
    ...resizeKernels(runtime),
  };
}

function registered(kernelName: string): KernelConfig | undefined {
  return getKernel(kernelName, 'wasm');
}

function replaceKernel(config: KernelConfig): void {
  if (registered(config.kernelName)) unregisterKernel(config.kernelName, 'wasm');
  registerKernel(config);
}

/**
 * Registers the kernels that training needs on the wasm backend of TensorFlow.js, on the backend's own memory.
 *
 * Call it after `await tf.setBackend('wasm')`. It adds what the stock backend lacks (filter gradients of the convolution, both depthwise
 * gradients, the gradient of gather), replaces what it computes wrongly (max-pool gradient of windows without positive values, input gradient
 * of strided convolutions, gather with batch dimensions, the sum of an empty tensor) and what it computes slowly (matrix products, convolutions).
 *
 * @param options `simd`: force a build; `assetsUrl`: where the `.wasm` files are served.
 * @returns the build in use, the names of the registered kernels, and `dispose`, which restores the stock kernels and frees the scratch space.
 * A second call with the same build on the same backend returns the first registration; one with another build replaces it.
 * @throws SelfsupError `SELFSUP_BACKEND` if the current backend is not wasm, or if the kernels cannot be loaded or linked.
 * The kernels themselves throw `SELFSUP_MEMORY` when the heap is exhausted and `SELFSUP_SHAPE` for operands that do not fit.
 * @remarks The scratch space grows to the largest operand that had to be packed and stays until `dispose`.
 * @example
 * ```ts
 * import '@tensorflow/tfjs-backend-wasm';
 * import * as tf from '@tensorflow/tfjs-core';
 * import { registerTrainingKernels } from '@selfsup/wasm-kernels';
 *
 * await tf.setBackend('wasm');
 * const { simd, kernels } = await registerTrainingKernels();
 * console.log(simd, kernels.length);
 * ```
 */
export async function registerTrainingKernels({
  simd = supportedSimd(),
  assetsUrl,
}: RegisterTrainingKernelsOptions = {}): Promise<TrainingKernels> {
  if (getBackend() !== 'wasm') {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `registerTrainingKernels: expected the backend 'wasm', got '${getBackend()}'; await tf.setBackend('wasm') first`,
    );
  }
  const owner = backend() as unknown as WasmBackend;
  if (registeredFor(owner, simd)) return current!;
  const compiled = await loadKernels(backendMemory(owner), simd, assetsUrl);
  if (registeredFor(owner, simd)) return current!; // another call was faster
  current?.dispose();
  current = register(owner, simd, (stock) => createRuntime(compiled, owner, stock));
  return current;
}

function registeredFor(owner: WasmBackend, simd: SimdBuild): boolean {
  return current?.owner === owner && current.simd === simd;
}

function register(owner: WasmBackend, simd: SimdBuild, bind: (stock: (name: string) => KernelFunc | undefined) => Runtime): Registration {
  const replaced = new Map<string, KernelConfig>();
  const runtime = bind((name) => (replaced.get(name) ?? registered(name))?.kernelFunc);
  const table = families(runtime);
  const names = Object.keys(table);
  let live = true;
  for (const name of names) {
    const stock = registered(name);
    if (stock) replaced.set(name, stock);
    const kernel = table[name]!;
    replaceKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs, backend: caller }) => {
        if (!live) {
          throw new SelfsupError('SELFSUP_BACKEND', `${name}: these kernels were disposed of; call registerTrainingKernels again`);
        }
        if (caller !== owner) {
          throw new SelfsupError('SELFSUP_BACKEND', `${name}: the wasm backend was replaced; call registerTrainingKernels again`);
        }
        return kernel(inputs, attrs ?? {});
      },
    });
  }
  return {
    owner,
    simd,
    kernels: names,
    dispose() {
      if (!live) return;
      live = false;
      if (current?.owner === owner) current = undefined;
      for (const name of names) {
        const stock = replaced.get(name);
        if (stock) replaceKernel(stock);
        else unregisterKernel(name, 'wasm');
      }
      // A backend that was removed has no heap any more.
      if ((owner.wasm as unknown) !== null) runtime.free();
    },
  };
}

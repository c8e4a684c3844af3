import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { SelfsupError } from '@selfsup/core';
import type { BackendSetup } from './backend-setup.ts';
import { guardMalloc, type WasmHeap } from './guard-malloc.ts';

/** In Node the .wasm files lie beside the package's entry; a browser needs `wasmPath` or the bundler's own arrangement. */
function pathInNode(): string | undefined {
  const node = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown; versions?: { node?: string } } }).process;
  if (!node?.versions?.node || !node.getBuiltinModule) return undefined;
  const { createRequire } = node.getBuiltinModule('node:module') as typeof import('node:module');
  const path = node.getBuiltinModule('node:path') as typeof import('node:path');
  const file = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm');
  return path.dirname(file) + path.sep;
}

/**
 * Makes the WebAssembly backend current, guards its allocator and installs the training kernels.
 *
 * @param options see BackendOptions
 * @returns its details
 * @throws SelfsupError `SELFSUP_BACKEND` when a package is missing or the module does not start
 */
export const setUpWasm: BackendSetup = async ({ wasmPath, trainingKernels = true, winograd = true }) => {
  tf.enableProdMode();
  try {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const path = wasmPath ?? pathInNode();
    if (path !== undefined && tf.getBackend() !== 'wasm') setWasmPaths(path);
  } catch (cause) {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      'selectBackend: the wasm backend is not installed; run `npm install @tensorflow/tfjs-backend-wasm`',
      { cause },
    );
  }
  if (!(await tf.setBackend('wasm')))
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      'selectBackend: tfjs could not initialize its wasm backend; are its .wasm files served? See the option `wasmPath`',
    );
  await tf.ready();
  if (!trainingKernels) {
    guardMalloc((tf.backend() as BackendWasm).wasm as unknown as WasmHeap); // the training kernels do it by themselves
    return { name: 'wasm', description: 'wasm (stock kernels)' };
  }
  const { registerTrainingKernels } = await import('@selfsup/wasm-kernels').catch((cause: unknown) => {
    throw new SelfsupError('SELFSUP_BACKEND', 'selectBackend: stock wasm cannot train; run `npm install @selfsup/wasm-kernels`', { cause });
  });
  const { simd, kernels } = await registerTrainingKernels({ winograd });
  return { name: 'wasm', description: `wasm (${simd} SIMD, ${kernels.length} training kernels${winograd ? '' : ', no Winograd'})` };
};

import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';

/** What the kernels use of tfjs's `BackendWasm`, whose own declarations hide the Emscripten module. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    readonly wasmMemory?: WebAssembly.Memory;
    readonly HEAPU8: Uint8Array;
    _malloc: (bytes: number) => number;
    readonly _free: (offset: number) => void;
  };
  readonly dataIdMap: { get(dataId: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object, force?: boolean): boolean;
  readSync(dataId: object): ArrayLike<number>;
  incRef(dataId: object): void;
}

/** Finds the linear memory of the backend: exported by the plain build, imported by the threaded one. */
export function backendMemory(backend: WasmBackend): WebAssembly.Memory {
  const memory = backend.wasm.asm?.memory ?? backend.wasm.wasmMemory;
  if (!(memory instanceof WebAssembly.Memory)) {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      'registerTrainingKernels: the memory of the wasm backend was not found; expected @tensorflow/tfjs-backend-wasm 4.22',
    );
  }
  return memory;
}

import { type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';

/** The name under which a backend offers the memory of its tensors, to `@selfsup/core` and whoever else knows it. */
const MEMORY = Symbol.for('selfsup.memoryOf');

/** What the kernels use of tfjs's `BackendWasm`, whose own declarations hide the Emscripten module. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    readonly wasmMemory?: WebAssembly.Memory;
    readonly HEAPU8: Uint8Array;
    _malloc: (bytes: number) => number;
    readonly _free: (offset: number) => void;
  };
  readonly dataIdMap: { get(dataId: object): { memoryOffset: number }; has(dataId: object): boolean };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object, force?: boolean): boolean;
  readSync(dataId: object): ArrayLike<number>;
  incRef(dataId: object): void;
  refCount(dataId: object): number;
  /** What `memoryOf` of `@selfsup/core` looks for. */
  [MEMORY]?: ((tensor: TensorInfo) => Float32Array | undefined) | undefined;
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

/** Offers the memory of tensors; the function that is returned takes the offer back. */
export function offerMemory(backend: WasmBackend): () => void {
  const memory = backendMemory(backend);
  backend[MEMORY] = ({ dataId, shape, dtype }) => {
    if (dtype !== 'float32' || !backend.dataIdMap.has(dataId) || backend.refCount(dataId) !== 1) return undefined;
    return new Float32Array(memory.buffer, backend.dataIdMap.get(dataId).memoryOffset >>> 0, util.sizeFromShape(shape));
  };
  return () => {
    backend[MEMORY] = undefined;
  };
}

import { type DataType, type KernelFunc, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import type { KernelExports } from './load-kernels.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** The compiled kernels bound to one wasm backend, with their scratch space. */
export interface Runtime {
  readonly kernels: KernelExports;
  readonly backend: WasmBackend;
  /** The byte offset of a tensor. */
  offset(tensor: TensorInfo): number;
  /** A new, uninitialised tensor. */
  output(shape: readonly number[], dtype: DataType): TensorInfo;
  /** At least `bytes` of scratch, valid until the next call. */
  scratch(bytes: number): number;
  /** Runs another kernel of the same backend, ours or a stock one. */
  run(kernelName: string, inputs: NamedTensorInfoMap, attrs?: NamedAttrMap): TensorInfo;
  /** Frees a tensor made inside a kernel. */
  release(tensor: TensorInfo): void;
  /** Gives the scratch space back to the backend. */
  free(): void;
}

/** A kernel as this package writes it: inputs and attributes in, one or more tensors out. */
export type Kernel = (inputs: NamedTensorInfoMap, attrs: NamedAttrMap) => TensorInfo | TensorInfo[];
/** Kernels by their tfjs names. */
export type KernelTable = Readonly<Record<string, Kernel>>;

const GRANULE = 65536;

/** Binds kernels to a backend. `stock` finds the kernels that `run` calls. */
export function createRuntime(
  kernels: KernelExports,
  backend: WasmBackend,
  stock: (kernelName: string) => KernelFunc | undefined,
): Runtime {
  let scratchOffset = 0;
  let scratchBytes = 0;

  const outOfMemory = (what: string, bytes: number): SelfsupError =>
    new SelfsupError(
      'SELFSUP_MEMORY',
      `wasm-kernels: ${what} of ${bytes} bytes could not be allocated; the heap holds ${backend.wasm.HEAPU8.byteLength} bytes and cannot grow`,
    );

  const free = (): void => {
    if (scratchBytes > 0) backend.wasm._free(scratchOffset);
    scratchOffset = 0;
    scratchBytes = 0;
  };

  const release = (tensor: TensorInfo): void => {
    backend.disposeData(tensor.dataId);
  };

  return {
    kernels,
    backend,
    free,
    release,
    offset: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    output(shape, dtype) {
      const bytes = util.sizeFromShape([...shape]) * util.bytesPerElement(dtype);
      if (bytes >= 2 ** 32) throw outOfMemory(`a tensor [${shape.join(', ')}]`, bytes);
      const out = backend.makeOutput([...shape], dtype);
      if (bytes > 0 && backend.dataIdMap.get(out.dataId).memoryOffset === 0) {
        release(out);
        throw outOfMemory(`a tensor [${shape.join(', ')}]`, bytes);
      }
      return out;
    },
    scratch(bytes) {
      if (bytes > scratchBytes) {
        free();
        const wanted = Math.ceil(bytes / GRANULE) * GRANULE;
        const offset = wanted < 2 ** 32 ? backend.wasm._malloc(wanted) >>> 0 : 0;
        if (offset === 0) throw outOfMemory('scratch space', wanted);
        scratchOffset = offset;
        scratchBytes = wanted;
      }
      return scratchOffset;
    },
    run(kernelName, inputs, attrs = {}) {
      const kernelFunc = stock(kernelName);
      if (kernelFunc === undefined) {
        throw new SelfsupError(
          'SELFSUP_BACKEND',
          `wasm-kernels: the wasm backend has no kernel ${kernelName}; import @tensorflow/tfjs-backend-wasm`,
        );
      }
      return kernelFunc({ inputs, attrs, backend }) as TensorInfo;
    },
  };
}

/** The input called `name`. */
export function input(inputs: NamedTensorInfoMap, name: string): TensorInfo {
  return inputs[name]!;
}

/** Makes an output, fills it, and frees it again if filling fails. */
export function produce(runtime: Runtime, shape: readonly number[], dtype: DataType, fill: (offset: number) => void): TensorInfo {
  const out = runtime.output(shape, dtype);
  try {
    if (util.sizeFromShape([...shape]) > 0) fill(runtime.offset(out));
  } catch (error) {
    runtime.release(out);
    throw error;
  }
  return out;
}

/** Allocates float32 outputs of these shapes, all or none, then fills them. */
export function produceAll(runtime: Runtime, shapes: readonly (readonly number[])[], fill: (...offsets: number[]) => void): TensorInfo[] {
  const made: TensorInfo[] = [];
  try {
    for (const shape of shapes) made.push(runtime.output(shape, 'float32'));
    fill(...made.map((tensor) => runtime.offset(tensor)));
  } catch (error) {
    for (const tensor of made) runtime.release(tensor);
    throw error;
  }
  return made;
}

import { type DataType, type KernelFunc, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireSizes } from './check-operands.ts';
import { SelfsupError } from './errors.ts';
import { guardMemory } from './guard-memory.ts';
import type { KernelExports } from './kernel-exports.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** The compiled kernels bound to one wasm backend, with their scratch space. */
export interface Runtime {
  readonly kernels: KernelExports;
  readonly backend: WasmBackend;
  /** Whether convolutions may use Winograd's algorithm. */
  readonly winograd: boolean;
  /** The byte offset of a tensor. */
  offset(tensor: TensorInfo): number;
  /** A new, uninitialized tensor. Every allocation throws `SELFSUP_MEMORY` where there is no memory. */
  output(shape: readonly number[], dtype: DataType): TensorInfo;
  /** At least `bytes` of scratch, valid until the next call. */
  scratch(bytes: number): number;
  /** Runs another kernel of the same backend: ours, where this package has one. */
  run(kernelName: string, inputs: NamedTensorInfoMap, attrs?: NamedAttrMap): TensorInfo;
  /** Runs the stock kernel, for what ours does not do. */
  runStock(kernelName: string, inputs: NamedTensorInfoMap, attrs?: NamedAttrMap): TensorInfo;
  /** Frees a tensor made inside a kernel. */
  release(tensor: TensorInfo): void;
  /** Gives the scratch space back to the backend, and its allocator. */
  free(): void;
}

/** A kernel as this package writes it: inputs and attributes in, one or more tensors out. */
export type Kernel = (inputs: NamedTensorInfoMap, attrs: NamedAttrMap) => TensorInfo | TensorInfo[];
/** Kernels by their tfjs names. */
export type KernelTable = Readonly<Record<string, Kernel>>;

const GRANULE = 65536;
/** Scratch that has to grow grows by at least half, so that growing operands do not move it at every step. */
const GROWTH = 1.5;

/** Finds a kernel of the wasm backend: the stock one, or the one that is registered now. */
export type FindKernel = (kernelName: string, stock: boolean) => KernelFunc | undefined;

/** Binds kernels to a backend. */
export function createRuntime(
  { kernels, backend, winograd }: Pick<Runtime, 'kernels' | 'backend' | 'winograd'>,
  find: FindKernel,
): Runtime {
  let scratchOffset = 0;
  let scratchBytes = 0;

  const free = (): void => {
    if (scratchBytes > 0) backend.wasm._free(scratchOffset);
    scratchOffset = 0;
    scratchBytes = 0;
  };

  const take = (bytes: number): void => {
    const wanted = Math.ceil(bytes / GRANULE) * GRANULE;
    scratchOffset = backend.wasm._malloc(wanted) >>> 0;
    scratchBytes = wanted;
  };

  const unguard = guardMemory(backend, () => scratchBytes);

  const release = (tensor: TensorInfo): void => {
    backend.disposeData(tensor.dataId);
  };

  const call =
    (stock: boolean): Runtime['run'] =>
    (kernelName, inputs, attrs = {}) => {
      const kernelFunc = find(kernelName, stock);
      if (kernelFunc === undefined) {
        throw new SelfsupError(
          'SELFSUP_BACKEND',
          `wasm-kernels: the wasm backend has no kernel ${kernelName}; import @tensorflow/tfjs-backend-wasm`,
        );
      }
      return kernelFunc({ inputs, attrs, backend }) as TensorInfo;
    };

  return {
    kernels,
    backend,
    winograd,
    free() {
      free();
      unguard();
    },
    release,
    offset: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    output(shape, dtype) {
      requireSizes('wasm-kernels', 'an output', shape);
      return backend.makeOutput([...shape], dtype);
    },
    scratch(bytes) {
      if (bytes > scratchBytes) {
        const grown = scratchBytes * GROWTH;
        free();
        try {
          take(Math.max(bytes, grown));
        } catch (error) {
          if (grown <= bytes) throw error;
          take(bytes);
        }
      }
      return scratchOffset;
    },
    run: call(false),
    runStock: call(true),
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

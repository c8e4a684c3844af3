import { SelfsupError } from '@selfsup/core';
import { memory } from '@tensorflow/tfjs-core';

/** The part of tfjs-backend-wasm's Emscripten module that the guard touches. */
export interface WasmHeap {
  /** The allocator: returns an address in bytes, or 0 when nothing is left. */
  _malloc: (bytes: number) => number;
  /** Frees an address. */
  _free: (address: number) => void;
  /** The heap; its length is the memory in use. */
  readonly HEAPU8: Uint8Array;
}

/** The most that the heap of tfjs-backend-wasm 4.22 grows to. */
const HEAP_LIMIT = 4_294_901_760;

/** Marks an allocator that throws; `@selfsup/wasm-kernels`, which guards by itself, looks for the same mark. */
const GUARDED: unique symbol = Symbol.for('selfsup.guardedMalloc');

type Malloc = WasmHeap['_malloc'] & { [GUARDED]?: true };

/**
 * Makes an exhausted WASM heap throw instead of handing out address 0, or a region that is too small, over which tfjs would write.
 *
 * @param heap the Emscripten module of the wasm backend
 * @throws SelfsupError `SELFSUP_MEMORY` from every later allocation that cannot be served; the backend stays usable
 * @remarks One allocation is made first: Emscripten replaces its lazy stub at the first call, which would undo the guard. Memory that the XNNPACK
 * library inside tfjs allocates for itself is not covered.
 */
export function guardMalloc(heap: WasmHeap): void {
  if ((heap._malloc as Malloc)[GUARDED]) return;
  heap._free(heap._malloc(16));
  const malloc = heap._malloc;
  const guarded: Malloc = (bytes) => {
    const address = allocate(heap, malloc, bytes);
    if (address === 0 && bytes > 0) {
      const inUse = heap.HEAPU8.length;
      throw new SelfsupError(
        'SELFSUP_MEMORY',
        `wasm backend: no memory for ${bytes} bytes; tensors hold ${memory().numBytes} bytes, the heap has ${inUse} bytes of at most ${HEAP_LIMIT}; ` +
          'dispose of tensors or use a smaller batch, image size or encoder',
      );
    }
    return address;
  };
  guarded[GUARDED] = true;
  heap._malloc = guarded;
}

/** An address, or 0: of what the allocator serves, only what lies in the heap. */
function allocate(heap: WasmHeap, malloc: Malloc, bytes: number): number {
  if (bytes > HEAP_LIMIT) return 0; // the allocator takes 32 bits
  // emmalloc compares ends of regions in 32 bits: near the top of a full heap any small free region looks large enough to it.
  const wrong: number[] = [];
  let address = malloc(bytes) >>> 0;
  while (address !== 0 && address + bytes > heap.HEAPU8.length) {
    wrong.push(address);
    address = malloc(bytes) >>> 0;
  }
  for (const region of wrong) heap._free(region);
  return address;
}

import { SelfsupError } from '@selfsup/core';

/** The part of tfjs-backend-wasm's Emscripten module that the guard touches. */
export interface WasmHeap {
  /** The allocator: returns an address in bytes, or 0 when nothing is left. */
  _malloc: (bytes: number) => number;
  /** Frees an address. */
  _free: (address: number) => void;
  /** The heap; its length is the memory in use. */
  readonly HEAPU8: Uint8Array;
}

const guarded = new WeakSet<WasmHeap>();

/**
 * Makes an exhausted WASM heap throw instead of handing out address 0, over which tfjs would write the heap's first bytes.
 *
 * @param heap the Emscripten module of the wasm backend
 * @throws SelfsupError `SELFSUP_MEMORY` from every later allocation that cannot be served; the backend stays usable
 * @remarks One allocation is made first: Emscripten replaces its lazy stub at the first call, which would undo the guard. Memory that the XNNPACK
 * library inside tfjs allocates for itself is not covered.
 */
export function guardMalloc(heap: WasmHeap): void {
  if (guarded.has(heap)) return;
  heap._free(heap._malloc(16));
  const malloc = heap._malloc;
  heap._malloc = (bytes) => {
    const address = malloc(bytes);
    if (address === 0 && bytes > 0) {
      const inUse = heap.HEAPU8.length;
      throw new SelfsupError(
        'SELFSUP_MEMORY',
        `wasm backend: no memory for ${bytes} bytes, the heap has ${inUse} bytes of at most 4 GiB; use a smaller batch, image size or encoder`,
      );
    }
    return address;
  };
  guarded.add(heap);
}

/** The part of tfjs-backend-wasm's Emscripten module that is watched. */
export interface WatchedHeap {
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
  readonly HEAPU8: Uint8Array;
}

/** What the backend's allocator holds. XNNPACK's own allocations inside of the module are not seen. */
export interface HeapUse {
  readonly bytes: number;
  readonly peakBytes: number;
  /** The size of the whole memory, which never shrinks. */
  readonly heapBytes: number;
}

/** Counts what tensors and scratch space hold from now on; `restart` forgets the peak so far, once it is read. */
export function trackHeap(heap: WatchedHeap): (options?: { restart?: boolean }) => HeapUse {
  const sizes = new Map<number, number>();
  let bytes = 0;
  let peakBytes = 0;
  const { _malloc: malloc, _free: free } = heap;
  heap._malloc = (wanted) => {
    const address = malloc(wanted) >>> 0;
    sizes.set(address, wanted);
    bytes += wanted;
    peakBytes = Math.max(peakBytes, bytes);
    return address;
  };
  heap._free = (address) => {
    bytes -= sizes.get(address >>> 0) ?? 0;
    sizes.delete(address >>> 0);
    free(address);
  };
  return ({ restart = false } = {}) => {
    const use = { bytes, peakBytes, heapBytes: heap.HEAPU8.byteLength };
    if (restart) peakBytes = bytes;
    return use;
  };
}

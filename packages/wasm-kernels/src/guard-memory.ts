import { memory } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** The most that the heap of tfjs-backend-wasm 4.22 grows to. */
const HEAP_LIMIT = 4_294_901_760;

/** Marks an allocator that throws; `@selfsup/backends` looks for the same mark. */
const GUARDED: unique symbol = Symbol.for('selfsup.guardedMalloc');

type Malloc = WasmBackend['wasm']['_malloc'] & { [GUARDED]?: true };

/**
 * Makes an exhausted wasm heap throw in every allocation from JavaScript: tensors, outputs of all kernels, scratch. Without it the allocator returns
 * address 0, or a region that is too small, and tfjs goes on and overwrites what lies there.
 *
 * @param backend the wasm backend
 * @param scratch bytes that are held besides tensors, for the message
 * @returns a function that takes the guard off again, unless somebody else has wrapped the allocator since
 * @remarks What the C++ code of the backend allocates for itself is not covered.
 */
export function guardMemory({ wasm }: WasmBackend, scratch: () => number): () => void {
  if ((wasm._malloc as Malloc)[GUARDED]) return () => undefined;
  wasm._free(wasm._malloc(16)); // Emscripten replaces its lazy stub at the first call, which would undo the guard
  const malloc = wasm._malloc;
  const guarded: Malloc = (bytes) => {
    let address = allocate(wasm, malloc, bytes);
    if (address === 0 && bytes > 0 && wasm.HEAPU8.byteLength < HEAP_LIMIT) {
      growToLimit(wasm, malloc);
      address = allocate(wasm, malloc, bytes);
    }
    if (address === 0 && bytes > 0) throw outOfMemory(bytes, wasm.HEAPU8.byteLength, scratch());
    return address;
  };
  guarded[GUARDED] = true;
  wasm._malloc = guarded;
  return () => {
    if (wasm._malloc === guarded) wasm._malloc = malloc;
  };
}

/** Address in bytes, or 0: of what the allocator serves, only what lies in the heap. */
function allocate(wasm: WasmBackend['wasm'], malloc: Malloc, bytes: number): number {
  // The allocator takes 32 bits: it would serve 4 GiB and 5 bytes with 5.
  if (bytes > HEAP_LIMIT) return 0;
  // Emscripten's emmalloc compares ends of regions in 32 bits. Once memory is short, any small free region near the top looks large enough, because
  // its address plus `bytes` wraps around. Such regions are held back while it looks further.
  const wrong: number[] = [];
  let address = malloc(bytes) >>> 0;
  while (address !== 0 && address + bytes > wasm.HEAPU8.byteLength) {
    wrong.push(address);
    address = malloc(bytes) >>> 0;
  }
  for (const region of wrong) wasm._free(region);
  return address;
}

/** Takes all that is left piece by piece and frees it. The allocator asks for new memory without counting the free region that it would join. */
function growToLimit(wasm: WasmBackend['wasm'], malloc: Malloc): void {
  const pieces: number[] = [];
  for (let bytes = 2 ** 30; bytes >= 2 ** 20; bytes /= 2) {
    for (let piece = allocate(wasm, malloc, bytes); piece !== 0; piece = allocate(wasm, malloc, bytes)) pieces.push(piece);
  }
  for (const piece of pieces) wasm._free(piece);
}

function outOfMemory(bytes: number, heap: number, scratch: number): SelfsupError {
  return new SelfsupError(
    'SELFSUP_MEMORY',
    `wasm backend: no memory for ${bytes} bytes; tensors hold ${memory().numBytes} bytes and the kernels' scratch ${scratch}, ` +
      `the heap has ${heap} bytes of at most ${HEAP_LIMIT}; dispose of tensors (tf.tidy, tf.dispose) or use a smaller batch, image or model`,
  );
}

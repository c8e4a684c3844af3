import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../src/wasm-backend.ts';

/** The Emscripten side of the current backend. */
export function wasmBackend(): WasmBackend {
  return tf.backend() as unknown as WasmBackend;
}

/** A tensor of `bytes` bytes that nobody has written: the system gives it no memory until somebody does. */
export function untouched(bytes: number): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(wasmBackend().makeOutput([bytes / 4], 'float32'));
}

/** Where a new tensor of this size would lie. */
export function nextAddress(bytes: number): number {
  const probe = untouched(bytes);
  const { memoryOffset } = wasmBackend().dataIdMap.get(probe.dataId);
  probe.dispose();
  return memoryOffset;
}

const MIB = 2 ** 20;
const SIZES = [256 * MIB, 64 * MIB, 16 * MIB, 4 * MIB, MIB, 2 ** 18, 2 ** 16, 2 ** 14, 4096, 1024, 256, 64, 32];

/** Holds memory until whatever is allocated next, large or small, lies at `address` or above. Returns what it holds. */
export function fillBelow(address: number): tf.Tensor[] {
  const held: tf.Tensor[] = [];
  for (const size of SIZES) {
    // A large piece may not reach over the address, the smallest one may.
    const below = size === SIZES.at(-1) ? address : address - size;
    while (nextAddress(size) < below) held.push(untouched(size));
  }
  return held;
}

/** Holds memory until not even `bytes` are left. Returns what it holds. */
export function exhaust(bytes: number): tf.Tensor[] {
  const held: tf.Tensor[] = [];
  for (const size of [256 * MIB, 16 * MIB, MIB, bytes]) {
    for (;;) {
      try {
        held.push(untouched(size));
      } catch {
        break;
      }
    }
  }
  return held;
}

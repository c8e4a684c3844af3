import * as tf from '@tensorflow/tfjs-core';

/** What of a backend gives the memory of its tensors. */
interface MemoryBackend {
  /** Float32 numbers of a tensor that nobody else has, or nothing. */
  readonly [MEMORY]?: (tensor: tf.TensorInfo) => Float32Array | undefined;
}

/** The name under which a backend offers the memory of its tensors; `@selfsup/wasm-kernels` gives it to the wasm backend. */
const MEMORY = Symbol.for('selfsup.memoryOf');

/**
 * The numbers of a tensor where the backend has them, to be read and written without a copy.
 *
 * @param tensor float32
 * @returns a view of its `tensor.size` numbers, valid until the next operation or the next turn of the event loop, whichever is first; undefined where the
 * backend does not have them in the memory of this thread, or where another tensor shares them (a clone, a variable of the same value)
 * @example
 * ```ts
 * import { memoryOf } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const x = tf.ones([2, 3]);
 * console.log(memoryOf(x)?.length); // 6 on wasm with the kernels of selfsup, undefined elsewhere
 * ```
 */
export function memoryOf(tensor: tf.Tensor): Float32Array | undefined {
  return (tf.backend() as unknown as MemoryBackend)[MEMORY]?.(tensor);
}

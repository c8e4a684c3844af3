import * as tf from '@tensorflow/tfjs-core';
import { untouched, wasmBackend } from '../test/fill-heap.ts';

const PERIOD = 1009;
const TABLE = Float32Array.from({ length: PERIOD }, (_, i) => ((i * 383) % PERIOD) / PERIOD - 0.4);

/** Element `i` of every large tensor here. */
export function valueAt(i: number): number {
  return TABLE[i % PERIOD]!;
}

/** A tensor of gigabytes whose element i is `valueAt(i)`, written in place. */
export function largeTensor<R extends tf.Rank>(shape: number[]): tf.Tensor<R> {
  const size = shape.reduce((a, b) => a * b, 1);
  const flat = untouched(size * 4);
  const { memoryOffset } = wasmBackend().dataIdMap.get(flat.dataId);
  const values = new Float32Array(wasmBackend().wasm.HEAPU8.buffer, memoryOffset, size);
  values.set(TABLE.subarray(0, Math.min(PERIOD, size)));
  for (let done = PERIOD; done < size; done *= 2) values.copyWithin(done, 0, Math.min(done, size - done));
  const result = tf.reshape<R>(flat, shape as tf.ShapeMap[R]);
  flat.dispose();
  return result;
}

/** Element `i` of a tensor, read in place. */
export function elementAt(tensor: tf.Tensor, i: number): number {
  const { memoryOffset } = wasmBackend().dataIdMap.get(tensor.dataId);
  return new Float32Array(wasmBackend().wasm.HEAPU8.buffer, memoryOffset + i * 4, 1)[0]!;
}

/** Places of a tensor that are worth a look: the ends, both sides of 2 GiB and 1 GiB, and some in between. */
export function samples(size: number): number[] {
  const places = [0, 1, 2 ** 28 - 1, 2 ** 28, 2 ** 29 - 1, size - 2, size - 1];
  for (let i = 1; i < 40; i++) places.push(Math.floor((size * i) / 40) + i);
  return places.filter((place) => place >= 0 && place < size);
}

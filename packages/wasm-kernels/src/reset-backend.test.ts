// tf.engine().reset() and removeBackend give tfjs a new wasm backend: stock kernels and ours have to work on its memory.
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { builds, startWasm } from '../test/wasm-under-test.ts';
import { registerTrainingKernels, type TrainingKernels } from './index.ts';
import type { WasmBackend } from './wasm-backend.ts';

let registration: TrainingKernels;
afterEach(async () => {
  registration.dispose();
  await tf.setBackend('cpu');
});

const LOST: Readonly<Record<string, () => void | Promise<void>>> = {
  'engine().reset()': () => {
    tf.engine().reset();
  },
  'removeBackend and registerBackend': async () => {
    const factory = tf.findBackendFactory('wasm');
    await tf.setBackend('cpu');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
  },
};

/** One call of each: ours that hands on to stock ones, ours alone, stock alone, a gradient. */
async function calls(): Promise<number[][]> {
  const results = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const image = tf.reshape<tf.Rank.R4>(tf.range(0, 9), [1, 3, 3, 1]);
    const loss = (filter: tf.Tensor): tf.Scalar => tf.sum(tf.relu(tf.conv2d(image, filter as tf.Tensor4D, 1, 'valid')));
    return [
      tf.transpose(x),
      tf.oneHot(tf.tensor1d([1, 0], 'int32'), 2),
      tf.matMul(x, x, false, true),
      tf.sum(tf.cast(x, 'int32')),
      tf.neg(x),
      tf.grad(loss)(tf.ones([2, 2, 1, 1])),
    ].map((tensor) => tf.keep(tensor));
  });
  const read = await Promise.all(results.map(async (tensor) => [...(await tensor.data())]));
  tf.dispose(results);
  return read;
}

const RIGHT = [[1, 4, 2, 5, 3, 6], [0, 1, 1, 0], [14, 32, 32, 77], [21], [-1, -2, -3, -4, -5, -6], [8, 12, 20, 24]];

describe.each(Object.entries(LOST))('after %s', (_, lose) => {
  it.each(builds)('kernels that are registered again work (%s SIMD)', async (simd) => {
    registration = await startWasm(simd);
    const { length } = registration.kernels;
    await lose();
    registration = await startWasm(simd);
    expect(registration.kernels).toHaveLength(length);
    expect(await calls()).toEqual(RIGHT);
  });

  it('the kernels move to the new backend by themselves, guard included', async () => {
    registration = await startWasm('plain');
    const before = tf.backend();
    await lose();
    await tf.setBackend('wasm');
    expect(tf.backend()).not.toBe(before);
    expect(await calls()).toEqual(RIGHT);
    expect(await registerTrainingKernels({ simd: 'plain' })).toBe(registration);
    expect(() => (tf.backend() as unknown as WasmBackend).makeOutput([2 ** 30 + 2], 'float32')).toThrow(/no memory for 4294967304 bytes/);
  });

  it('dispose leaves stock kernels that work', async () => {
    registration = await startWasm('plain');
    await lose();
    registration = await startWasm('plain');
    registration.dispose();
    const [x, image] = [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1])];
    const results = [tf.matMul(x, x), tf.transpose(x), tf.relu(x), tf.maxPool(image, 2, 1, 'valid')];
    expect(await Promise.all(results.map(async (tensor) => [...(await tensor.data())]))).toEqual([
      [7, 10, 15, 22],
      [1, 3, 2, 4],
      [1, 2, 3, 4],
      [4],
    ]);
    tf.dispose([x, image, ...results]);
  });
});

import '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { memoryOf } from './memory-of.ts';

it('gives the numbers of a tensor on wasm, for reading and writing, while the kernels are registered and nobody shares them', async () => {
  await tf.setBackend('wasm');
  const registration = await registerTrainingKernels();
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  expect([...memoryOf(x)!]).toEqual([1, 2, 3, 4, 5, 6]);
  memoryOf(x)!.set([7], 4);
  expect([...(await x.data())]).toEqual([1, 2, 3, 4, 7, 6]);
  const clone = tf.clone(x);
  expect(memoryOf(x)).toBeUndefined();
  clone.dispose();
  expect(memoryOf(x)?.length).toBe(6);
  const integers = tf.tensor1d([1], 'int32');
  expect(memoryOf(integers)).toBeUndefined();
  registration.dispose();
  expect(memoryOf(x)).toBeUndefined();
  tf.dispose([x, integers]);
});

it('gives nothing on a backend that does not offer it', async () => {
  await tf.setBackend('cpu');
  const x = tf.ones([2]);
  expect(memoryOf(x)).toBeUndefined();
  x.dispose();
});

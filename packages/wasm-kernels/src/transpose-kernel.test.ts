import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm } from '../test/wasm-under-test.ts';

describeKernel('Transpose, in order or not', 'Transpose', (random) => {
  const shape = Array.from({ length: integer(random, 1, 5) }, () => pick(random, [0, 1, 1, 2, 3, 4]));
  const perm = shape.map((_, axis) => axis).sort(() => random() - pick(random, [0.1, 0.5]));
  return { inputs: { x: signedValues(random, shape) }, attrs: { perm } };
});

it('shares the data where nothing moves, and keeps them when the source is disposed', async () => {
  const registration = await startWasm('plain');
  const source = tf.tensor3d([1, 2, 3, 4], [2, 1, 2]);
  const turned = tf.transpose(source, [1, 0, 2]);
  expect(tf.memory().numDataBuffers).toBe(1);
  source.dispose();
  expect(turned.shape).toEqual([1, 2, 2]);
  expect([...(await turned.data())]).toEqual([1, 2, 3, 4]);
  turned.dispose();
  registration.dispose();
  await tf.setBackend('cpu');
});

import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { transposeCases } from '../test/cases/transpose.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { startWasm } from '../test/wasm-under-test.ts';

describeCases(transposeCases);

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

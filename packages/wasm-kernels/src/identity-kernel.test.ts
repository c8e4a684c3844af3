import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startWasm } from '../test/wasm-under-test.ts';
import { identityCases } from '../test/cases/identity.ts';
import { describeCases } from '../test/kernel-cases.ts';

describeCases(identityCases);

it('casts float32 to float32 without a copy', async () => {
  const registration = await startWasm('plain');
  const source = tf.tensor1d([1, 2, 3]);
  const same = tf.cast(source, 'float32');
  expect(same.dataId).toBe(source.dataId);
  source.dispose();
  expect([...(await same.data())]).toEqual([1, 2, 3]);
  same.dispose();
  registration.dispose();
  await tf.setBackend('cpu');
});

it('keeps a clone alive when its source is disposed, and a variable apart from it', async () => {
  const registration = await startWasm('plain');
  const source = tf.tensor1d([1, 2, 3]);
  const clone = tf.clone(source);
  const variable = tf.variable(clone);
  source.dispose();
  tf.tidy(() => {
    variable.assign(tf.tensor1d([4, 5, 6]));
  });
  expect([...(await clone.data()), ...(await variable.data())]).toEqual([1, 2, 3, 4, 5, 6]);
  clone.dispose();
  variable.dispose();
  registration.dispose();
  await tf.setBackend('cpu');
});

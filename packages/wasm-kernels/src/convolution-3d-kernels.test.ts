import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { convolution3dCases } from '../test/cases/convolution-3d.ts';
import { errorOf } from '../test/error-of.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { randomFrom, signedValues, startWasm } from '../test/wasm-under-test.ts';

describeCases(convolution3dCases);

it('gives both gradients of conv3d as the cpu backend does', async () => {
  const random = randomFrom(1);
  const [xValues, wValues] = [signedValues(random, [2, 5, 6, 4, 3]), signedValues(random, [3, 2, 3, 3, 4])];
  const gradients = async (): Promise<ArrayLike<number>[]> => {
    const x = tf.tensor5d(xValues.values, [2, 5, 6, 4, 3]);
    const w = tf.tensor5d(wValues.values, [3, 2, 3, 3, 4]);
    const grads = tf.grads((a, b) => tf.square(tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, [1, 2, 1], 'same')))([x, w]);
    const read = await Promise.all(grads.map((grad) => grad.data()));
    tf.dispose([x, w, ...grads]);
    return read;
  };
  await tf.setBackend('cpu');
  const expected = await gradients();
  const registration = await startWasm('plain');
  const got = await gradients();
  got.forEach((grad, i) => {
    expect(errorOf(grad, { data: expected[i]! }, 'norm')).toBeLessThan(1e-5);
  });
  registration.dispose();
});

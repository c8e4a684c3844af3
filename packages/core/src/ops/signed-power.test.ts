import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { signedPower, type SignedPowerOptions } from './signed-power.ts';

const values = [-9, -0.25, 0, 1e-6, 0.04, 4];
const gradientOf = (options: SignedPowerOptions) =>
  tf.tidy(() => [
    ...tf
      .grad((x: tf.Tensor) => tf.sum(signedPower(x, options)))(tf.tensor1d(values))
      .dataSync(),
  ]);

it.each([0.5, 0.25, 0.8])('is sign(x) |x|^%d with the derivative of central differences', (power) => {
  const result = tf.tidy(() => [...signedPower(tf.tensor1d(values), { power }).dataSync()]);
  const reference = (x: number) => Math.sign(x) * Math.abs(x) ** power;
  const gradient = gradientOf({ power });
  for (const [i, x] of values.entries()) {
    expect(result[i]).toBeCloseTo(reference(x), 5);
    if (Math.abs(x) < 1e-4) expect(gradient[i]! / (power * 1e-4 ** (power - 1))).toBeCloseTo(1, 5);
    else expect(gradient[i]! / ((reference(x + 1e-6) - reference(x - 1e-6)) / 2e-6)).toBeCloseTo(1, 4);
  }
});

it('is the identity at power 1, leaves one tensor and refuses what is out of range', () => {
  const x = tf.tensor2d([[-1, 0, 2]]);
  const before = tf.memory().numTensors;
  const same = signedPower(x, { power: 1 });
  expect([...same.dataSync()]).toEqual([-1, 0, 2]);
  const root = signedPower(x);
  expect(tf.memory().numTensors).toBe(before + 2);
  expect(gradientOf({ power: 1 })).toEqual(values.map(() => 1));
  expect(() => signedPower(x, { power: 0 })).toThrow('signedPower: `power` must be in (0, 1], got 0');
  expect(() => signedPower(x, { floor: 0 })).toThrow('signedPower: `floor` must be > 0, got 0');
  tf.dispose([x, same, root]);
});

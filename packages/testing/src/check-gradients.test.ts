import { stopGradient } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkGradients } from './check-gradients.ts';

it('compares each variable along its gradient and at sampled weights, and puts them back', async () => {
  const [a, b] = tf.tidy(() => [tf.variable(tf.tensor1d([1, -2, 3])), tf.variable(tf.scalar(0.5))]) as [tf.Variable, tf.Variable];
  const compared = await checkGradients(() => tf.mul<tf.Scalar>(tf.sum(tf.square(a)), tf.exp(b)), { a, b }, { samples: 3 });
  expect(compared.map(({ path }) => path)).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']);
  for (const { path, at, gradient, difference } of compared) {
    const exact = Math.exp(0.5) * (path === 'b' ? 14 : at === 'along' ? 2 * Math.sqrt(14) : 2 * [1, -2, 3][at]!);
    expect(gradient).toBeCloseTo(exact, 3);
    expect(Math.abs(difference / exact - 1)).toBeLessThan(0.02);
  }
  expect([[...a.dataSync()], [...b.dataSync()]]).toEqual([[1, -2, 3], [0.5]]);
  tf.dispose([a, b]);
});

it('rejects a gradient that is stopped, and a loss that is not finite', async () => {
  const x = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  const stopped = () => tf.sum<tf.Scalar>(tf.mul(x, stopGradient(x)));
  await expect(checkGradients(stopped, { x })).rejects.toThrow('checkGradients: the gradient of `x` along itself must be');
  expect([...x.dataSync()]).toEqual([1, 2]);
  await expect(checkGradients(() => tf.mean(tf.log(tf.sub(x, 1))), { x })).rejects.toThrow('checkGradients: the loss must be finite');
  await expect(checkGradients(() => tf.sum(tf.mul(x, 0)), { x }, { samples: 1 })).resolves.toHaveLength(2);
  x.dispose();
});

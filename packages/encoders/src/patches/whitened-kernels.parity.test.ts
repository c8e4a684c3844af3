import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import fixture from '../../fixtures/patch-kernels.json' with { type: 'json' };
import { hashedValues } from '../parity/hashed-values.ts';
import { invertPositive } from './invert-positive.ts';
import { whitenedKernels } from './whitened-kernels.ts';

const { seed, count, dim, numRounds, damping, floor } = fixture;

function patches(): Float32Array {
  const [noise, common] = [hashedValues(seed, 'noise', count * dim), hashedValues(seed, 'common', count * 3)];
  return Float32Array.from({ length: count * dim }, (_, i) => {
    const [row, column] = [Math.floor(i / dim), i % dim];
    const part = (k: number) => common[row * 3 + (k % 3)]!;
    return noise[i]! * (0.25 + 0.125 * (column % 5)) + 2 * part(column) + 0.5 * part(column * 2 + 1) + 0.75;
  });
}

/** `[n, m]` times `[m, k]`, row by row. */
const product = (a: ArrayLike<number>, b: ArrayLike<number>, [n, m, k]: [number, number, number]) =>
  Array.from({ length: n * k }, (_, i) =>
    Array.from({ length: m }, (__, j) => a[Math.floor(i / k) * m + j]! * b[j * k + (i % k)]!).reduce((sum, value) => sum + value, 0),
  );

it('kernels are those of numpy, which whitens by eigenvectors and clusters whitened patches', async () => {
  const found = await whitenedKernels(patches(), { dim, initial: [0, 1, 2, 3, 4, 5], numRounds, damping, floor });
  const largest = Math.max(...fixture.kernels.map(Math.abs));
  for (const [i, value] of fixture.kernels.entries()) expect(Math.abs(found.kernels[i]! - value)).toBeLessThan(1e-4 * largest);
  for (const [i, value] of fixture.mean.entries()) expect(found.mean[i]).toBeCloseTo(value, 6);
});

it('the inverse of the damped covariance is the square of the whitening matrix', async () => {
  const rows = patches();
  const covariance = tf.tidy(() => {
    const centered = tf.sub(tf.tensor2d(rows, [count, dim]), tf.mean(tf.tensor2d(rows, [count, dim]), 0));
    const plain = tf.div(tf.matMul(centered, centered, true), count);
    return tf.add<tf.Tensor2D>(plain, tf.mul(tf.eye(dim), tf.add(tf.mul(tf.div(tf.sum(tf.mul(plain, tf.eye(dim))), dim), damping), floor)));
  });
  const inverse = await invertPositive('test', covariance);
  const expected = product(fixture.whitening, fixture.whitening, [dim, dim, dim]);
  const largest = Math.max(...expected.map(Math.abs));
  const values = await inverse.data();
  for (const [i, value] of expected.entries()) expect(Math.abs(values[i]! - value)).toBeLessThan(1e-4 * largest);
  tf.dispose([covariance, inverse]);
});

it('inverts matrices of several blocks, and refuses one that is not positive definite', async () => {
  const n = 300;
  const matrix = tf.tidy(() => {
    const factor = tf.tensor2d(hashedValues(5, 'factor', n * n), [n, n]);
    return tf.add<tf.Tensor2D>(tf.div(tf.matMul(factor, factor, false, true), n / 3), tf.mul(tf.eye(n), 0.1)); // about 1 on the diagonal
  });
  const before = tf.memory().numTensors;
  const inverse = await invertPositive('test', matrix);
  expect(tf.memory().numTensors).toBe(before + 1);
  const gap = tf.tidy(() => tf.max(tf.abs(tf.sub(tf.matMul(matrix, inverse), tf.eye(n)))).dataSync()[0]!);
  expect(gap).toBeLessThan(1e-4);
  const negative = tf.tidy(() => tf.sub<tf.Tensor2D>(matrix, tf.mul(tf.eye(n), 1)));
  await expect(invertPositive('test', negative)).rejects.toThrow('test: the covariance of the patches must be positive definite');
  tf.dispose([matrix, inverse, negative]);
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { profileKernels, profileTable } from './profile-kernels.ts';

test('counts the calls of each kernel, adds up to the whole step, and puts the kernels back', async () => {
  await tf.setBackend('cpu');
  const before = tf.getKernel('Square', 'cpu');
  const profile = await profileKernels(() => {
    const start = performance.now();
    tf.tidy(() => tf.add(tf.square(tf.ones([1000])), tf.square(tf.ones([1000]))));
    return Promise.resolve(performance.now() - start);
  });
  const calls = Object.fromEntries(profile.kernels.map(({ name, calls: count }) => [name, count]));
  expect(calls).toMatchObject({ Square: 2, Add: 1 });
  expect(profile.kernels.reduce((sum, { milliseconds }) => sum + milliseconds, profile.rest)).toBeCloseTo(profile.total, 6);
  expect(profile.rest).toBeGreaterThanOrEqual(0);
  expect(tf.getKernel('Square', 'cpu')).toBe(before);
  expect(profileTable(profile).split('\n')).toHaveLength(profile.kernels.length + 3);
});

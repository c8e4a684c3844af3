import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { movingStatistics } from './moving-statistics.ts';

test('moves towards the mean and the unbiased variance of a batch', async () => {
  const old = { mean: tf.tensor1d([0, 2]), variance: tf.tensor1d([1, 1]) };
  const batch = { mean: tf.tensor1d([1, -2]), variance: tf.tensor1d([3, 0]) };
  const { mean, variance } = movingStatistics(old, batch, { momentum: 0.75, count: 4 });
  expect([...(await mean.data())]).toEqual([0.25, 1]);
  expect([...(await variance.data())]).toEqual([1.75, 0.75]); // 0.75 + 0.25 · 3 · 4/3
  tf.dispose([old.mean, old.variance, batch.mean, batch.variance, mean, variance]);
});

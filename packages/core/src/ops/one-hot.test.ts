import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { oneHot } from './one-hot.ts';

test('a one where each index points, zeros for what points nowhere', async () => {
  const rows = oneHot(tf.tensor1d([2, 0, -1, 3], 'int32'), 3);
  expect([rows.dtype, rows.shape]).toEqual(['float32', [4, 3]]);
  expect(await rows.array()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test('a single class', async () => {
  const rows = oneHot<tf.Tensor3D>(
    tf.tensor2d(
      [
        [0, 0],
        [-1, 1],
      ],
      [2, 2],
      'int32',
    ),
    1,
  );
  expect([rows.dtype, rows.shape]).toEqual(['float32', [2, 2, 1]]);
  expect(await rows.array()).toEqual([
    [[1], [1]],
    [[0], [0]],
  ]);
});

test('leaves nothing behind', () => {
  const indices = tf.tensor1d([0, 1], 'int32');
  const before = tf.memory().numTensors;
  oneHot(indices, 2).dispose();
  oneHot(indices, 1).dispose();
  expect(tf.memory().numTensors).toBe(before);
});

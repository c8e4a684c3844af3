import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { oneHot } from './one-hot.ts';

it('has a one where each index points, and zeros for what points nowhere', () => {
  tf.tidy(() => {
    const rows = oneHot(tf.tensor1d([2, 0, -1, 3], 'int32'), 3);
    expect([rows.dtype, rows.shape]).toEqual(['float32', [4, 3]]);
    expect([...rows.dataSync()]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

it('takes a single class', () => {
  tf.tidy(() => {
    const rows = oneHot(tf.tensor2d([0, 0, -1, 1], [2, 2], 'int32'), 1);
    expect([rows.dtype, rows.shape]).toEqual(['float32', [2, 2, 1]]);
    expect([...rows.dataSync()]).toEqual([1, 1, 0, 0]);
  });
});

it('leaves nothing behind', () => {
  tf.tidy(() => {
    const indices = tf.tensor1d([0, 1], 'int32');
    const before = tf.memory().numTensors;
    for (const depth of [1, 2]) oneHot(indices, depth).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

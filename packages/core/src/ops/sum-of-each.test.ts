// What a trainer does with many tensors at once.
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { addEach } from './add-each.ts';
import { sumOfEach } from './sum-of-each.ts';

test('sumOfEach has the sum of each tensor, NaN included; addEach those of pairs', async () => {
  const tensors = [tf.tensor2d([[1, 2]]), tf.scalar(-3), tf.tensor1d([NaN, 1])];
  const sums = sumOfEach(tensors);
  expect([...(await sums.data())]).toEqual([3, -3, NaN]);
  const others = [tf.tensor2d([[0.5, 0]]), tf.scalar(3), tf.tensor1d([1, 1])];
  const added = addEach(tensors, others);
  expect(await Promise.all(added.map(async (tensor) => [...(await tensor.data())]))).toEqual([[1.5, 2], [0], [NaN, 2]]);
  expect(added.map(({ shape }) => shape)).toEqual([[1, 2], [], [2]]);
  tf.dispose([...tensors, sums, ...others, ...added]);
});

import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { onTwoRanks } from './replay-ranks.ts';

it('gathers in rank order, averages and broadcasts, also what depends on what was heard before', () => {
  tf.tidy(() => {
    const heard = onTwoRanks((collective) => {
      const mine = collective.rank + 1;
      const all = collective.allGather(tf.tensor1d([mine])); // [1, 2]
      const numbers = Float32Array.from([...all.dataSync()].map((x) => x * mine)); // [1, 2] and [2, 4]
      collective.allReduceMean(numbers); // [1.5, 3]
      const again = [...collective.allGather(tf.tensor1d([numbers[0]! + mine])).dataSync()];
      const from1 = Float32Array.of(again[0]! * mine);
      collective.broadcast(from1, 1);
      return [[...numbers], again, [...from1], collective.worldSize];
    });
    expect(heard).toEqual([
      [[1.5, 3], [2.5, 3.5], [5], 2],
      [[1.5, 3], [2.5, 3.5], [5], 2],
    ]);
  });
});

it('passes gradients from rank to rank', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([2, 3]);
    // rank r: x[r] · Σ x; the sum of both is (Σ x)², whose gradient is 2 Σ x
    const total = (value: tf.Tensor) => {
      const losses = onTwoRanks((collective) => {
        const mine = tf.slice(value, [collective.rank], [1]);
        return tf.sum<tf.Scalar>(tf.mul(mine, tf.sum(collective.allGather(mine))));
      });
      return tf.add<tf.Scalar>(losses[0], losses[1]);
    };
    expect([...tf.grad(total)(x).dataSync()]).toEqual([10, 10]);
  });
});

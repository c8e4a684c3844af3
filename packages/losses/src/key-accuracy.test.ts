import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { keyAccuracy } from './key-accuracy.ts';

it('counts queries that are nearer to their key than to every negative, in-batch and with a queue', () => {
  tf.tidy(() => {
    const query = tf.tensor2d([
      [1, 0],
      [0, 2],
      [-3, 0],
      [0, -1],
    ]);
    const key = tf.tensor2d([
      [1, 0.1],
      [0.2, 1],
      [1, 1],
      [0, -4],
    ]); // the third is far from its query
    expect(keyAccuracy(query, key).dataSync()[0]).toBe(0.75);
    expect(
      keyAccuracy(query, key, {
        queue: tf.tensor2d([
          [1, 0],
          [-1, 0],
        ]),
      }).dataSync()[0],
    ).toBe(0.5);
    expect(keyAccuracy(query, query, { queue: tf.tensor2d([[1, 1]]) }).dataSync()[0]).toBe(1);
    expect(keyAccuracy(tf.ones([4, 2]), tf.ones([4, 2])).dataSync()[0]).toBe(0); // a tie is a miss
    const grad = tf.grad((x: tf.Tensor) => tf.add(tf.sum(x), keyAccuracy(x as tf.Tensor2D, key)));
    expect([...grad(query).dataSync()]).toEqual(Array<number>(8).fill(1));
  });
});

it('says what is wrong', () => {
  tf.tidy(() => {
    expect(() => keyAccuracy(tf.ones([4, 2]), tf.ones([4, 2]), { queue: tf.ones([3, 5]) })).toThrow(
      '`queue` must have shape [queueSize, 2], got [3, 5]',
    );
  });
});

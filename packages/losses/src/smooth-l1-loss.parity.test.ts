import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { smoothL1Loss } from './smooth-l1-loss.ts';

interface Fixture {
  meta: { torch: string };
  cases: {
    beta: number;
    shape: [number, number];
    predictions: number[];
    targets: number[];
    weights?: number[];
    loss: number;
    gradient: number[];
  }[];
}
const { meta, cases } = JSON.parse(readFileSync(new URL('../fixtures/smooth-l1-loss.json', import.meta.url), 'utf8')) as Fixture;

it.each(cases)(`is PyTorch ${meta.torch}'s with beta $beta, in value and gradient`, ({ beta, shape, predictions, targets, ...given }) => {
  tf.tidy(() => {
    const weights = given.weights && { weights: tf.tensor1d(given.weights) };
    const loss = (x: tf.Tensor) => smoothL1Loss(x as tf.Tensor2D, tf.tensor2d(targets, shape), { beta, ...weights });
    const { value, grad } = tf.valueAndGrad(loss)(tf.tensor2d(predictions, shape));
    expect(Math.abs(value.dataSync()[0]! / given.loss - 1)).toBeLessThan(1e-6);
    const actual = [...grad.dataSync()];
    given.gradient.forEach((expected, i) => {
      expect(Math.abs(actual[i]! - expected)).toBeLessThan(1e-7);
    });
  });
});

it('says what is wrong, and is 0 where no row counts', () => {
  tf.tidy(() => {
    const x = tf.ones<tf.Rank.R2>([2, 3]);
    expect(smoothL1Loss(x, tf.zeros([2, 3]), { weights: tf.zeros([2]) }).dataSync()[0]).toBe(0);
    const failures: [string, () => unknown][] = [
      ['smoothL1Loss: `beta` must be a finite number > 0, got 0', () => smoothL1Loss(x, x, { beta: 0 })],
      ['smoothL1Loss: `targets` must have shape [2, 3] like `predictions`, got [2, 2]', () => smoothL1Loss(x, tf.zeros([2, 2]))],
      ['smoothL1Loss: `weights` must have shape [2], one for each row, got [3]', () => smoothL1Loss(x, x, { weights: tf.zeros([3]) })],
    ];
    for (const [message, call] of failures) expect(call).toThrow(message);
  });
});

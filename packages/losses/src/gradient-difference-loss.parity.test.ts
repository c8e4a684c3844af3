import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gradientDifferenceLoss } from './gradient-difference-loss.ts';

interface Fixture {
  meta: { torch: string };
  cases: {
    exponent: 1 | 2;
    shape: [number, number, number, number];
    predictions: number[];
    targets: number[];
    loss: number;
    gradient: number[];
  }[];
}
const { meta, cases } = JSON.parse(readFileSync(new URL('../fixtures/gradient-difference-loss.json', import.meta.url), 'utf8')) as Fixture;

it.each(cases)(`is PyTorch ${meta.torch}'s with exponent $exponent, where neighbors are equal, too`, ({ exponent, shape, ...given }) => {
  tf.tidy(() => {
    const loss = (x: tf.Tensor) => gradientDifferenceLoss(x as tf.Tensor4D, tf.tensor4d(given.targets, shape), { exponent });
    const { value, grad } = tf.valueAndGrad(loss)(tf.tensor4d(given.predictions, shape));
    expect(Math.abs(value.dataSync()[0]! / given.loss - 1)).toBeLessThan(1e-6);
    const actual = [...grad.dataSync()];
    given.gradient.forEach((expected, i) => {
      expect(Math.abs(actual[i]! - expected)).toBeLessThan(1e-6);
    });
  });
});

it('says what is wrong', () => {
  tf.tidy(() => {
    const x = tf.ones<tf.Rank.R4>([2, 3, 4, 1]);
    const failures: [string, () => unknown][] = [
      ['`exponent` must be 1 or 2, got 3', () => gradientDifferenceLoss(x, x, { exponent: 3 as 2 })],
      [
        '`targets` must have shape [2, 3, 4, 1] like `predictions`, got [2, 3, 4, 2]',
        () => gradientDifferenceLoss(x, tf.ones([2, 3, 4, 2])),
      ],
      ['`predictions` must have shape [n >= 1, height >= 2', () => gradientDifferenceLoss(tf.ones([2, 1, 4, 1]), x)],
      ['`targets` must be float32, got int32', () => gradientDifferenceLoss(x, tf.ones([2, 3, 4, 1], 'int32'))],
    ];
    for (const [message, call] of failures) expect(call).toThrow(`gradientDifferenceLoss: ${message}`);
  });
});

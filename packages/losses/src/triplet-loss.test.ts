import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { tripletLoss, type Triplets } from './triplet-loss.ts';

const [n, dim] = [7, 3];
const names = ['anchor', 'positive', 'negative'] as const;
const draw = (tag: string) => [...drawNormal(createRng(2).fold(tag), n * dim, { standardDeviation: 0.4 })];
/** The definition in float64. */
const reference = (values: Record<string, number[]>, margin: number) => {
  const square = (i: number, other: number[]) =>
    Array.from({ length: dim }, (_, d) => (values['anchor']![i * dim + d]! - other[i * dim + d]!) ** 2).reduce((a, b) => a + b);
  return Array.from({ length: n }, (_, i) => Math.max(0, square(i, values['positive']!) - square(i, values['negative']!) + margin)).reduce((a, b) => a + b) / n; // prettier-ignore
};

it.each([0, 0.2, 1])('tripletLoss has the value and the gradients of its definition, margin %f', (margin) => {
  const values = Object.fromEntries(names.map((name) => [name, draw(name)]));
  tf.tidy(() => {
    const inputs = names.map((name) => tf.tensor2d(values[name]!, [n, dim]));
    const run = (...[anchor, positive, negative]: tf.Tensor[]) => tripletLoss({ anchor, positive, negative } as Triplets, { margin });
    const { value, grads } = tf.valueAndGrads(run)(inputs);
    expect(value.dataSync()[0]).toBeCloseTo(reference(values, margin), 6);
    names.forEach((name, k) => {
      const gradient = grads[k]!.dataSync();
      for (let i = 0; i < n * dim; i++) {
        const at = (step: number) => reference({ ...values, [name]: values[name]!.map((x, j) => (j === i ? x + step : x)) }, margin);
        expect(gradient[i]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 5);
      }
    });
  });
});

it('tripletLoss is 0 where the margin is kept, the margin where all is one, and says what is wrong', () => {
  tf.tidy(() => {
    const [near, far] = [tf.zeros<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([2, 3])];
    expect(tripletLoss({ anchor: near, positive: near, negative: far }).dataSync()[0]).toBe(0);
    expect(tripletLoss({ anchor: far, positive: far, negative: far }).dataSync()[0]).toBeCloseTo(0.2, 6);
    expect(() => tripletLoss({ anchor: near, positive: near, negative: tf.zeros([2, 2]) })).toThrow(
      '`negative` must have shape [2, 3] like `anchor`',
    );
    expect(() => tripletLoss({ anchor: near, positive: near, negative: far }, { margin: -1 })).toThrow(
      'tripletLoss: `margin` must be finite and >= 0, got -1',
    );
  });
});

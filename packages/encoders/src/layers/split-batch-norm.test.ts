import * as tf from '@tensorflow/tfjs-core';
import { createRng, drawNormal } from '@selfsup/core';
import { expect, test } from 'vitest';
import { convNet } from '../conv-net.ts';
import { batchNorm } from './batch-norm.ts';
import { splitBatchNorm } from './split-batch-norm.ts';

const draw = (n: number, tag = 'x') => tf.tensor4d(drawNormal(createRng(2).fold(tag), n * 12), [n, 2, 2, 3]);
const largest = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

test('parts are normalized as batchNorm normalizes them alone, residual and gradients included; buffers take the mean', () => {
  const split = splitBatchNorm<tf.Tensor4D>({ channels: 3, numSplits: 3, activation: 'relu' })(createRng(0));
  const alone = [0, 1, 2].map(() => batchNorm<tf.Tensor4D>({ channels: 3, activation: 'relu' })(createRng(0)));
  tf.tidy(() => {
    const [x, residual, weights] = [draw(7), draw(7, 'residual'), draw(7, 'weights')];
    const parts = [
      [0, 2],
      [2, 2],
      [4, 3],
    ] as const;
    const separately = (images: tf.Tensor4D) =>
      tf.concat(
        parts.map(([at, n], i) => alone[i]!.apply(tf.slice(images, at, n), { training: true, residual: tf.slice(residual, at, n) })),
        0,
      );
    const loss = (network: (images: tf.Tensor4D) => tf.Tensor) => (images: tf.Tensor) =>
      tf.sum<tf.Scalar>(tf.mul(network(images as tf.Tensor4D), weights));
    const together = (images: tf.Tensor4D) => split.apply(images, { training: true, residual });
    expect(largest(tf.grad(loss(together))(x), tf.grad(loss(separately))(x))).toBeLessThan(1e-5);
    for (const name of ['mean', 'variance']) {
      const expected = tf.mean(tf.stack(alone.map((module) => module.buffers[name]!)), 0);
      expect(largest(split.buffers[name]!, expected)).toBeLessThan(1e-6);
    }
    expect(largest(together(x), separately(x))).toBeLessThan(1e-6);
    expect(largest(together(x), alone[0]!.apply(x, { training: true, residual }))).toBeGreaterThan(0.05);
  });
  for (const module of [split, ...alone]) module.dispose();
});

test('it is batchNorm at inference and with one part', () => {
  const [one, eight, plain] = [
    splitBatchNorm<tf.Tensor4D>({ channels: 3, numSplits: 1 }),
    splitBatchNorm<tf.Tensor4D>({ channels: 3 }),
    batchNorm<tf.Tensor4D>({ channels: 3 }),
  ].map((make) => make(createRng(0)));
  tf.tidy(() => {
    const x = draw(5);
    expect(largest(eight!.apply(x, { training: false }), plain!.apply(x, { training: false }))).toBe(0);
    expect(largest(one!.apply(x, { training: true }), plain!.apply(x, { training: true }))).toBe(0);
    expect(() => eight!.apply(x, { training: true })).toThrow(
      'splitBatchNorm: `input` must have at least 8 rows and 3 channels, got shape [5, 2, 2, 3]',
    );
  });
  for (const module of [one, eight, plain]) module!.dispose();
});

test('encoders use it by name: images of another part do not change a feature while training', () => {
  const make = (norm: 'batch' | 'split-batch') => convNet({ channels: 3, widths: [4], norm, numSplits: 2 })(createRng(0));
  const [split, plain] = [make('split-batch'), make('batch')];
  tf.tidy(() => {
    const [a, b, c] = [draw(2, 'a'), draw(2, 'b'), draw(2, 'c')];
    const first = (module: typeof split, other: tf.Tensor4D) => tf.slice(module.apply(tf.concat([a, other], 0), { training: true }), 0, 2);
    expect(largest(first(split, b), first(split, c))).toBe(0);
    expect(largest(first(plain, b), first(plain, c))).toBeGreaterThan(0.01);
  });
  split.dispose();
  plain.dispose();
});

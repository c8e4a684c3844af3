import * as tf from '@tensorflow/tfjs-core';
import { createRng, drawNormal } from '@selfsup/core';
import { expect, test } from 'vitest';
import { batchNorm } from './batch-norm.ts';
import { groupNorm } from './group-norm.ts';

const shape: [number, number, number, number] = [3, 4, 5, 8];
const image = (tag: string) => tf.tensor4d(drawNormal(createRng(4).fold(tag), 3 * 4 * 5 * 8), shape);
const layers = [
  ['batchNorm', (activation?: 'relu') => batchNorm<tf.Tensor4D>({ channels: 8, ...(activation && { activation }) })(createRng(0))],
  ['groupNorm', (activation?: 'relu') => groupNorm({ channels: 8, numGroups: 2, ...(activation && { activation }) })(createRng(0))],
] as const;

test.each(layers)('%s adds a residual and applies a ReLU as plain operations do, in training and at inference', (_, make) => {
  const [plain, relu] = [make(), make('relu')];
  tf.tidy(() => {
    const [x, residual] = [image('x'), image('residual')];
    for (const training of [true, false]) {
      const expected = tf.relu(tf.add(plain.apply(x, { training }), residual));
      const got = relu.apply(x, { training, residual });
      expect(tf.max(tf.abs(tf.sub(got, expected))).dataSync()[0]).toBeLessThan(1e-6);
      const withoutResidual = tf.sub(relu.apply(x, { training }), tf.relu(plain.apply(x, { training })));
      expect(tf.max(tf.abs(withoutResidual)).dataSync()[0]).toBeLessThan(1e-6);
    }
    for (const [path, buffer] of Object.entries(plain.buffers)) expect([...relu.buffers[path]!.dataSync()]).toEqual([...buffer.dataSync()]);
  });
  plain.dispose();
  relu.dispose();
});

test('an activation that is none is refused', () => {
  expect(() => batchNorm({ channels: 1, activation: 'gelu' as 'relu' })).toThrow(
    'batchNorm: `activation` must be one of linear, relu, got gelu',
  );
  expect(() => groupNorm({ channels: 1, numGroups: 1, activation: 'gelu' as 'relu' })).toThrow('groupNorm: `activation`');
});

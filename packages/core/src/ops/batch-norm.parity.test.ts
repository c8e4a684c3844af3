import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { batchNormTraining } from './batch-norm.ts';

type Numbers = 'x' | 'scale' | 'offset' | 'weight' | 'y' | 'mean' | 'variance' | 'dx' | 'dScale' | 'dOffset';
interface Fixture {
  meta: { torch: string };
  cases: (Record<Numbers, number[]> & { shape: number[]; epsilon: number })[];
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/batch-norm.json', import.meta.url), 'utf8')) as Fixture;

function expectClose(actual: tf.Tensor, expected: number[]): void {
  const scale = Math.max(...expected.map(Math.abs));
  actual.dataSync().forEach((x, i) => {
    expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-5 * scale);
  });
}

it.each(fixture.cases.map((example) => [`[${example.shape.join(', ')}], epsilon ${example.epsilon}`, example] as const))(
  `batchNormTraining agrees with PyTorch ${fixture.meta.torch}: %s`,
  (_, { shape, epsilon, weight, ...numbers }) => {
    tf.tidy(() => {
      const inputs = [tf.tensor(numbers.x, shape), tf.tensor1d(numbers.scale), tf.tensor1d(numbers.offset)];
      const run = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => batchNormTraining(x, { scale, offset, epsilon });
      const [x, scale, offset] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
      const { y, mean, variance } = run(x, scale, offset);
      expectClose(y, numbers.y);
      expectClose(mean, numbers.mean);
      expectClose(variance, numbers.variance);
      const loss = (...args: tf.Tensor[]) =>
        tf.sum(tf.mul(run(...(args as [tf.Tensor, tf.Tensor, tf.Tensor])).y, tf.tensor(weight, shape)));
      const [dx, dScale, dOffset] = tf.grads(loss)(inputs);
      expectClose(dx!, numbers.dx);
      expectClose(dScale!, numbers.dScale);
      expectClose(dOffset!, numbers.dOffset);
    });
  },
);

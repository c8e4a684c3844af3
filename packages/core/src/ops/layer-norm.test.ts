import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectCentralDifferences } from '../../fixtures/central-differences.ts';
import { layerNorm64 } from '../../fixtures/token-operations.ts';
import { drawNormal } from '../draws.ts';
import { isSelfsupError } from '../error.ts';
import { createRng } from '../rng.ts';
import { layerNorm } from './layer-norm.ts';

const draw = (tag: string, count: number) => [...drawNormal(createRng(8).fold(tag), count)];

describe('layerNorm', () => {
  it('gives every row the mean and deviation of scale and offset', () => {
    tf.tidy(() => {
      const x = tf.tensor3d(draw('x', 2 * 5 * 16), [2, 5, 16]);
      const y = layerNorm(x, { scale: tf.fill([16], 3), offset: tf.fill([16], -2), epsilon: 1e-12 });
      expect(y.shape).toEqual([2, 5, 16]);
      const { mean, variance } = tf.moments(y, -1);
      for (const m of mean.dataSync()) expect(m).toBeCloseTo(-2, 5);
      for (const v of variance.dataSync()) expect(v).toBeCloseTo(9, 4);
    });
  });

  it('does not see a constant added to a row, and a constant row is the offset', () => {
    tf.tidy(() => {
      const parameters = { scale: tf.tensor1d(draw('scale', 4)), offset: tf.tensor1d([1, 2, 3, 4]) };
      const x = tf.tensor2d(draw('x', 12), [3, 4]);
      const difference = tf.sub(layerNorm(tf.add(x, 64), parameters), layerNorm(x, parameters));
      expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(1e-4);
      expect([...layerNorm(tf.fill([1, 4], 7), parameters).dataSync()]).toEqual([1, 2, 3, 4]);
    });
  });

  it('has the gradients of central differences in float64', async () => {
    const epsilon = 0.01;
    await expectCentralDifferences(
      (x, scale, offset) => layerNorm(x, { scale: scale, offset: offset, epsilon }),
      (x, scale, offset) => layerNorm64(x, scale, offset, epsilon),
      [
        { values: draw('x', 30), shape: [2, 3, 5] },
        { values: draw('scale', 5), shape: [5] },
        { values: draw('offset', 5), shape: [5] },
      ],
    );
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      const parameters = { scale: tf.ones([3]), offset: tf.zeros([3]) };
      const failures: [string, () => unknown][] = [
        ['`x` must have rank >= 2, got shape [3]', () => layerNorm(tf.ones([3]), parameters)],
        ['`scale` must have shape [3], got [2]', () => layerNorm(tf.ones([2, 3]), { ...parameters, scale: tf.ones([2]) })],
        ['`offset` must have shape [3], got [1, 3]', () => layerNorm(tf.ones([2, 3]), { ...parameters, offset: tf.ones([1, 3]) })],
      ];
      for (const [message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect(isSelfsupError(error) && error.code).toBe('SELFSUP_SHAPE');
          expect((error as Error).message).toBe(`layerNorm: ${message}`);
        }
    });
  });
});

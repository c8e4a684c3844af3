import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectCentralDifferences } from '../../fixtures/central-differences.ts';
import { crossEntropy64 } from '../../fixtures/token-operations.ts';
import { drawNormal } from '../draws.ts';
import { createRng } from '../rng.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';

const logits = [...drawNormal(createRng(3).fold('logits'), 4 * 7, { standardDeviation: 3 })];
const labels = [6, 0, -1, 3];

describe('softmaxCrossEntropy', () => {
  it('is the log of the number of classes for equal logits, whatever their height', () => {
    tf.tidy(() => {
      for (const height of [0, -1e4, 3e38])
        expect(softmaxCrossEntropy(tf.fill([1, 8], height), tf.tensor1d([5], 'int32')).dataSync()[0]).toBeCloseTo(Math.log(8), 6);
    });
  });

  it('keeps the digits of a small loss among large logits, and takes logits of −∞', () => {
    tf.tidy(() => {
      const rows = tf.tensor2d([1000, 990, -Infinity, -Infinity, 990, 1000], [2, 3]);
      const [right, wrong] = softmaxCrossEntropy(rows, tf.tensor1d([0, 1], 'int32')).dataSync();
      expect(right! / Math.log1p(Math.exp(-10))).toBeCloseTo(1, 3);
      expect(wrong).toBeCloseTo(10, 4);
    });
  });

  it('agrees with float64 and has the gradient of central differences; ignored rows give neither', async () => {
    const ids = tf.tensor1d(labels, 'int32');
    const losses = tf.tidy(() => softmaxCrossEntropy(tf.tensor2d(logits, [4, 7]), ids).dataSync());
    const expected = crossEntropy64(logits, labels);
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(expected[i]!, 5);
    });
    expect(losses[2]).toBe(0);
    await expectCentralDifferences(
      (x) => softmaxCrossEntropy(x as tf.Tensor2D, ids),
      (x) => crossEntropy64(x, labels),
      [{ values: logits, shape: [4, 7] }],
    );
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => tf.sum(softmaxCrossEntropy(x as tf.Tensor2D, ids)))(tf.tensor2d(logits, [4, 7]))
        .dataSync(),
    );
    expect(gradient.slice(14, 21).every((g) => g === 0)).toBe(true);
    ids.dispose();
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      const [x, ids] = [tf.ones<tf.Rank.R2>([2, 3]), tf.tensor1d([0, 1], 'int32')];
      expect(() => softmaxCrossEntropy(tf.tensor1d([1, 2, 3]) as tf.Tensor as tf.Tensor2D, ids)).toThrow(
        '`logits` must have rank 2, got shape [3]',
      );
      expect(() => softmaxCrossEntropy(x, tf.tensor1d([0], 'int32'))).toThrow(
        '`labels` must have shape [2], one for each row of `logits`, got [1]',
      );
      expect(() => softmaxCrossEntropy(x, tf.tensor1d([0, 1]))).toThrow('`labels` must be int32, got float32');
    });
  });
});

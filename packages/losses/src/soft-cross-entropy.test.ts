import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { maskedCrossEntropy } from './masked-cross-entropy.ts';
import { softCrossEntropy } from './soft-cross-entropy.ts';

const logits = () => tf.tensor2d([1, -2, 0.5, 3, 0, -1], [2, 3]);
const targets = () => tf.tensor2d([0.2, 0.5, 0.3, 0, 1, 0], [2, 3]);
/** The loss by its definition. */
function expected(weights: readonly [number, number]): number {
  const [x, p] = [tf.tidy(() => logits().arraySync()), tf.tidy(() => targets().arraySync())];
  return x.reduce((sum, row, i) => {
    const total = Math.log(row.reduce((s, v) => s + Math.exp(v), 0));
    return sum - (weights[i]! * row.reduce((s, v, k) => s + p[i]![k]! * (v - total), 0)) / 2;
  }, 0);
}

describe('softCrossEntropy', () => {
  it('is the mean of weight times cross entropy', () => {
    tf.tidy(() => {
      expect(softCrossEntropy(logits(), targets()).dataSync()[0]).toBeCloseTo(expected([1, 1]), 5);
      expect(softCrossEntropy(logits(), targets(), { weights: tf.tensor1d([3, 0.5]) }).dataSync()[0]).toBeCloseTo(expected([3, 0.5]), 5);
    });
  });

  it('equals the cross entropy of labels, with its gradient, also for large logits', () => {
    tf.tidy(() => {
      const labels = tf.tensor1d([2, 0], 'int32');
      const hard = tf.oneHot(labels, 3) as tf.Tensor2D;
      for (const scale of [1, 1e4]) {
        const x = tf.mul<tf.Tensor2D>(logits(), scale);
        const soft = tf.valueAndGrad((input: tf.Tensor2D) => tf.tidy(() => softCrossEntropy(input, tf.cast(hard, 'float32'))))(x);
        const reference = tf.valueAndGrad((input: tf.Tensor2D) => maskedCrossEntropy(input, labels))(x);
        expect(soft.value.dataSync()[0]! / reference.value.dataSync()[0]!).toBeCloseTo(1, 5);
        expect(Math.max(...tf.abs(tf.sub(soft.grad, reference.grad)).dataSync())).toBeLessThan(1e-6);
      }
    });
  });

  it('has the gradient weight · (softmax − targets) / n', () => {
    tf.tidy(() => {
      const weights = tf.tensor1d([3, 0.5]);
      const gradient = tf.grad((input: tf.Tensor) => softCrossEntropy(input as tf.Tensor2D, targets(), { weights }))(logits());
      const by = tf.div(tf.mul(tf.sub(tf.softmax(logits()), targets()), tf.reshape(weights, [2, 1])), 2);
      expect(Math.max(...tf.abs(tf.sub(gradient, by)).dataSync())).toBeLessThan(1e-6);
    });
  });

  it('says what does not fit', () => {
    tf.tidy(() => {
      expect(() => softCrossEntropy(tf.zeros([0, 3]), targets())).toThrow('`logits` must have shape [n >= 1, classes >= 1], got [0, 3]');
      expect(() => softCrossEntropy(logits(), tf.zeros([2, 2]))).toThrow('`targets` must have shape [2, 3] like `logits`, got [2, 2]');
      expect(() => softCrossEntropy(logits(), tf.zeros([2, 3], 'int32'))).toThrow('`targets` must be float32, got int32');
      expect(() => softCrossEntropy(logits(), targets(), { weights: tf.zeros([3]) })).toThrow('`weights` must have shape [2]');
    });
  });
});

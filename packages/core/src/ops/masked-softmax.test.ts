import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectCentralDifferences } from '../../fixtures/central-differences.ts';
import { maskedSoftmax64 } from '../../fixtures/token-operations.ts';
import { drawNormal } from '../draws.ts';
import { createRng } from '../rng.ts';
import { maskedSoftmax } from './masked-softmax.ts';

const shape = [2, 3, 2, 5];
const values = [...drawNormal(createRng(4).fold('x'), 60, { standardDeviation: 2 })];

describe('maskedSoftmax', () => {
  it('is the softmax of scale·x where nothing is hidden', () => {
    tf.tidy(() => {
      const x = tf.tensor(values, shape);
      const difference = tf.sub(maskedSoftmax(x, { scale: 0.5 }), tf.softmax(tf.mul(x, 0.5)));
      expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(1e-6);
    });
  });

  it.each([[[5]], [[2, 1, 1, 5]], [[2, 5]], [[1, 3, 1, 5]], [[2, 3, 2, 5]], [[2, 1, 1, 1]]])(
    'agrees with float64 under a mask of shape [%s], gradient included',
    async (maskShape) => {
      const size = maskShape.reduce((a, b) => a * b, 1);
      const mask = tf.tensor([...drawNormal(createRng(5).fold('mask'), size, { standardDeviation: 3 })], maskShape);
      const full = tf.tidy(() => tf.broadcastTo(mask, shape).dataSync());
      await expectCentralDifferences(
        (x) => maskedSoftmax(x, { scale: 0.3, mask }),
        (x) => maskedSoftmax64(x, 5, 0.3, (i) => full[i]!),
        [{ values, shape }],
      );
      const y = tf.tidy(() => maskedSoftmax(tf.tensor(values, shape), { scale: 0.3, mask }).dataSync());
      maskedSoftmax64(values, 5, 0.3, (i) => full[i]!).forEach((expected, i) => {
        expect(Math.abs(y[i]! - expected)).toBeLessThan(1e-6);
      });
      mask.dispose();
    },
  );

  it('gives hidden keys nothing, and zeros without a gradient to a row that is hidden as a whole', () => {
    tf.tidy(() => {
      const mask = tf.tensor2d([0, -Infinity, 0, -Infinity, -Infinity, -Infinity], [2, 3]);
      const x = tf.tensor2d([1, 50, 1, 2, 3, 4], [2, 3]);
      expect([...maskedSoftmax(x, { mask }).dataSync()]).toEqual([0.5, 0, 0.5, 0, 0, 0]);
      const gradient = tf
        .grad((t) => tf.sum(tf.mul(maskedSoftmax(t, { mask }), tf.tensor1d([1, 2, 3]))))(x)
        .dataSync();
      expect([...gradient]).toEqual([-0.5, 0, 0.5, 0, 0, 0]);
    });
  });

  it('keeps a NaN in its row', () => {
    tf.tidy(() => {
      const y = maskedSoftmax(tf.tensor2d([NaN, 1, 1, 1], [2, 2])).dataSync();
      expect([...y]).toEqual([NaN, NaN, 0.5, 0.5]);
    });
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      const x = tf.ones([2, 3]);
      expect(() => maskedSoftmax(tf.scalar(1))).toThrow('`x` must have rank >= 1, got a scalar');
      expect(() => maskedSoftmax(x, { mask: tf.ones([2]) })).toThrow('`mask` must broadcast to [2, 3], the shape of `x`, got [2]');
      expect(() => maskedSoftmax(x, { mask: tf.ones([1, 2, 3]) })).toThrow('got [1, 2, 3]');
      expect(() => maskedSoftmax(x, { mask: tf.ones([3], 'int32') })).toThrow('`mask` must be float32, got int32');
    });
  });
});

import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { colorizationHead } from './colorization-head.ts';

describe('colorizationHead', () => {
  it('gives a map of logits, under its paths', () => {
    const head = colorizationHead({ inputDim: 5, outputSize: 3, numBins: 7, width: 4 })(createRng(0));
    expect(Object.fromEntries(Object.entries(head.trainable).map(([path, { shape }]) => [path, shape]))).toEqual({
      'linear/kernel': [5, 36],
      'linear/bias': [36],
      'conv1/kernel': [3, 3, 4, 4],
      'conv1/bias': [4],
      'conv2/kernel': [1, 1, 4, 7],
      'conv2/bias': [7],
    });
    tf.tidy(() => {
      expect(head.apply(tf.ones([2, 5]), { training: true }).shape).toEqual([2, 3, 3, 7]);
      expect(() => head.apply(tf.ones([2, 4]), { training: true })).toThrow('colorizationHead: `input` must have shape [batch, 5]');
    });
    head.dispose();
  });

  it('refuses options out of range', () => {
    expect(() => colorizationHead({ inputDim: 5, outputSize: 0, numBins: 7 })).toThrow(
      'colorizationHead: `outputSize` must be an integer >= 1, got 0',
    );
  });
});

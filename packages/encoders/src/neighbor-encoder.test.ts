import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { neighborEncoder } from './neighbor-encoder.ts';

// Its numbers are compared with PyTorch's in the parity test of the task all4one.
const options = { width: 8, numLayers: 2, numHeads: 2 };

it('reads neighbors in their order, and drops nothing outside of training', () => {
  const reader = neighborEncoder(options)(createRng(0));
  tf.tidy(() => {
    const neighbors = tf.randomNormal<tf.Rank.R3>([3, 5, 8], 0, 1, 'float32', 1);
    const read = (x: tf.Tensor3D) => reader.apply(x, { training: false });
    const result = read(neighbors);
    expect(result.shape).toEqual([3, 8]);
    expect(read(neighbors).dataSync()).toEqual(result.dataSync());
    const [first, second, ...others] = tf.split<tf.Tensor3D>(neighbors, 5, 1);
    const swapped = read(tf.concat([first!, others[0]!, second!, ...others.slice(1)], 1));
    expect(Math.max(...tf.abs(tf.sub(swapped, result)).dataSync())).toBeGreaterThan(1e-4);
  });
  reader.dispose();
});

it('refuses what does not fit', () => {
  expect(() => neighborEncoder({ ...options, numHeads: 3 })).toThrow('`numHeads` must divide the width 8, got 3');
  expect(() => neighborEncoder({ ...options, numLayers: 0 })).toThrow('neighborEncoder: `numLayers`');
  const reader = neighborEncoder(options)(createRng(0));
  tf.tidy(() => {
    expect(() => reader.apply(tf.ones([2, 5, 4]), { training: false })).toThrow(
      'neighborEncoder: `input` must have shape [batch, length, 8]',
    );
  });
  reader.dispose();
});

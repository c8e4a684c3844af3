import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { patchify, unpatchify } from './patchify.ts';

const [n, height, width, channels, patchSize] = [2, 4, 6, 3, 2];

it('holds the pixel (row, column, channel) of the image where the formula says, and unpatchify puts it back', () => {
  tf.tidy(() => {
    const images = tf.reshape<tf.Rank.R4>(tf.range(0, n * height * width * channels), [n, height, width, channels]);
    const patches = patchify(images, { patchSize });
    expect(patches.shape).toEqual([2, 6, 12]);
    const [before, after] = [images.arraySync(), patches.arraySync()];
    for (let i = 0; i < n; i++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++)
          for (let channel = 0; channel < channels; channel++) {
            const patch = Math.floor(row / 2) * 3 + Math.floor(column / 2);
            const place = ((row % 2) * 2 + (column % 2)) * channels + channel;
            expect(after[i]![patch]![place]).toBe(before[i]![row]![column]![channel]);
          }
    expect(unpatchify(patches, { patchSize, grid: [2, 3] }).arraySync()).toEqual(before);
  });
});

it('carries gradients back to their pixels', () => {
  tf.tidy(() => {
    const images = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
    const weights = tf.reshape(tf.range(0, 16), [1, 4, 4]);
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(patchify(x as tf.Tensor4D, { patchSize }), weights)))(images);
    expect([...gradient.dataSync()]).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
  });
});

it('refuses what does not fit', () => {
  tf.tidy(() => {
    expect(() => patchify(tf.zeros([1, 4, 5, 3]), { patchSize })).toThrow('sides that are multiples of 2, got [1, 4, 5, 3]');
    expect(() => patchify(tf.zeros([1, 4, 4, 3]), { patchSize: 0 })).toThrow('patchify: `patchSize` must be an integer >= 1, got 0');
    expect(() => unpatchify(tf.zeros([1, 6, 12]), { patchSize })).toThrow('must have shape [n, 2 * 2, 4 * channels], got [1, 6, 12]');
    expect(() => unpatchify(tf.zeros([1, 4, 10]), { patchSize })).toThrow('got [1, 4, 10]');
  });
});

import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gaussianBlur } from './gaussian-blur.ts';
import { defaultKernelSize, gaussianFilter } from './gaussian-filter.ts';
import { grayscale } from './grayscale.ts';
import { horizontalFlip } from './horizontal-flip.ts';
import { randomGrayscale } from './random-grayscale.ts';
import { randomHorizontalFlip } from './random-horizontal-flip.ts';

describe('gaussianFilter', () => {
  it('leaves images with sigma 0 and uniform images alone, and keeps the weight of a spot', () => {
    tf.tidy(() => {
      const spot = new Float32Array(49);
      spot[24] = 1;
      const images = tf.tensor4d([...spot, ...spot, ...new Float32Array(49).fill(0.5)], [3, 7, 7, 1]);
      const [kept, blurred, uniform] = tf
        .unstack(gaussianFilter(images, [0, 1, 2], { kernelSize: 5 }))
        .map((image) => Float32Array.from(image.dataSync()));
      expect(kept).toEqual(spot);
      expect(blurred!.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
      expect(blurred![24]! / blurred![25]!).toBeCloseTo(Math.exp(0.5), 5);
      for (const value of uniform!) expect(value).toBeCloseTo(0.5, 6);
    });
  });

  it("has SimCLR's width by default", () => {
    expect([8, 28, 32, 64, 96, 224].map(defaultKernelSize)).toEqual([3, 3, 3, 7, 9, 23]);
  });

  it('blurs images that are narrower than the usual kernel along the sides that they have', () => {
    tf.tidy(() => {
      for (const [height, width] of [
        [1, 2],
        [2, 1],
        [1, 1],
        [1, 40],
        [100, 2],
        [3, 2],
      ] as const) {
        // prettier-ignore
        const images = tf.tensor4d(Float32Array.from({ length: height * width }, (_, i) => i % 2), [1, height, width, 1]);
        const blurred = gaussianBlur({ probability: 1, sigma: [1, 1] })(images, createRng(0));
        expect(blurred.shape).toEqual([1, height, width, 1]);
        const [before, after] = [images.dataSync(), blurred.dataSync()];
        expect(after[0]! > before[0]!, `${height} x ${width}`).toBe(height * width > 1);
      }
      // by hand: weights w, 1 - 2w, w of sigma 1, the border reflected
      const side = Math.exp(-0.5) / (1 + 2 * Math.exp(-0.5));
      const pair = gaussianFilter(tf.tensor4d([0, 1], [1, 1, 2, 1]), [1]).dataSync();
      expect(pair[0]).toBeCloseTo(2 * side, 6);
      expect(pair[1]).toBeCloseTo(1 - 2 * side, 6);
    });
  });

  it('says what is wrong', () => {
    tf.tidy(() => {
      const images = tf.zeros<tf.Rank.R4>([1, 4, 3, 1]);
      expect(() => gaussianBlur({ kernelSize: 4 })).toThrow('gaussianBlur: `kernelSize` must be odd, got 4');
      expect(() => gaussianBlur({ kernelSize: 0 })).toThrow('gaussianBlur: `kernelSize` must be an integer >= 1, got 0');
      expect(() => gaussianFilter(images, [1], { kernelSize: 4 })).toThrow(
        '`kernelSize` must be odd and in [1, 5] for images of 4 x 3, got 4',
      );
      expect(() => gaussianFilter(images, [1], { kernelSize: 7 })).toThrow('got 7');
      expect(() => gaussianFilter(images, [-1])).toThrow('`sigmas` must be finite and >= 0, got -1');
      expect(() => gaussianFilter(images, [1, 2])).toThrow('`sigmas` must have 1 entries for these images, got 2');
      expect(() => gaussianBlur({ sigma: [0, 1] })).toThrow('gaussianBlur: `sigma` must be [low, high] with 0 < low <= high, got [0, 1]');
    });
  });
});

describe('horizontalFlip and grayscale', () => {
  it('change the chosen images only', () => {
    tf.tidy(() => {
      const images = tf.tensor4d([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6], [2, 1, 2, 3]);
      expect([...horizontalFlip(images, [true, false]).dataSync()]).toEqual([4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6]);
      const gray = [...grayscale(images, [false, true]).dataSync()];
      expect(gray.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(gray.slice(6)).toEqual([1, 1, 1, 4, 4, 4].map((_, i): unknown => expect.closeTo(i < 3 ? 1.8149 : 4.8146, 5)));
    });
  });

  it('say what is wrong', () => {
    tf.tidy(() => {
      expect(() => horizontalFlip(tf.zeros([2, 1, 1, 1]), [true])).toThrow('`chosen` must have 2 entries for these images, got 1');
      expect([...grayscale(tf.tensor4d([1, 2, 3, 4], [1, 1, 1, 4]), [true]).dataSync()]).toEqual([1, 2, 3, 4]); // no colors
      expect(() => randomGrayscale({ probability: -1 })).toThrow('randomGrayscale: `probability` must be in [0, 1], got -1');
      expect(() => randomHorizontalFlip({ probability: NaN })).toThrow('got NaN');
    });
  });
});

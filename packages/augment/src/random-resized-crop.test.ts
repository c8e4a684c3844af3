import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { drawBoxes, randomResizedCrop } from './random-resized-crop.ts';
import { resizedCrop } from './resized-crop.ts';

const rng = createRng(11).fold('boxes');
const count = 4000;

function statistics(boxes: Float64Array, aspect: number) {
  return Array.from({ length: count }, (_, i) => {
    const [y0, x0, y1, x1] = boxes.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    const [height, width] = [y1 - y0, Math.abs(x1 - x0)];
    return { height, width, area: height * width, ratio: (width * aspect) / height, x: Math.min(x0, x1) + width / 2, flipped: x1 < x0 };
  });
}
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('drawBoxes', () => {
  it.each(['retry', 'clamp'] as const)('stays inside the image, fit %s', (fit) => {
    for (const aspect of [0.4, 1, 3]) {
      const boxes = drawBoxes(rng, { count, aspect, fit, flipProbability: 0.5 });
      expect(Math.min(...boxes)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...boxes)).toBeLessThanOrEqual(1);
      const all = statistics(boxes, aspect);
      expect(Math.abs(mean(all.map(({ flipped }) => Number(flipped))) - 0.5)).toBeLessThan(0.035);
      expect(Math.abs(mean(all.map(({ x }) => x)) - 0.5)).toBeLessThan(0.01);
      if (fit === 'retry') for (const { ratio } of all) expect(ratio > 0.7499 && ratio < 1.3334).toBe(true);
    }
  });

  it('draws the area uniformly and the ratio log-uniformly where every box fits', () => {
    const all = statistics(drawBoxes(rng, { count, aspect: 1, scale: [0.08, 0.5] }), 1);
    expect(Math.abs(mean(all.map(({ area }) => area)) - 0.29)).toBeLessThan(0.01);
    expect(Math.abs(mean(all.map(({ area }) => (area - 0.29) ** 2)) - 0.42 ** 2 / 12)).toBeLessThan(0.001);
    expect(Math.abs(mean(all.map(({ ratio }) => Math.log(ratio))))).toBeLessThan(0.012);
    expect(all.every(({ area }) => area >= 0.0799 && area <= 0.5001)).toBe(true);
    expect(all.some(({ flipped }) => flipped)).toBe(false);
  });

  it('falls back to the largest centered crop of an allowed ratio', () => {
    const [y0, x0, y1, x1] = drawBoxes(rng, { count: 1, aspect: 4, scale: [1, 1], maxAttempts: 2 });
    expect([y0, x0, y1, x1].map((v) => v!.toFixed(5))).toEqual(['0.00000', '0.33333', '1.00000', '0.66667']);
    const tall = drawBoxes(rng, { count: 1, aspect: 0.25, scale: [1, 1] });
    expect([...tall].map((v) => v.toFixed(5))).toEqual(['0.33333', '0.00000', '0.66667', '1.00000']);
  });

  it("cuts sides down to the image's with fit 'clamp'", () => {
    const all = statistics(drawBoxes(rng, { count, aspect: 1, fit: 'clamp', scale: [1, 1] }), 1);
    expect(all.every(({ height, width }) => height === 1 || width === 1)).toBe(true);
    expect(all.some(({ height }) => height < 0.95)).toBe(true);
  });
});

describe('resizedCrop', () => {
  it('copies, mirrors and cuts whole pixels exactly', () => {
    tf.tidy(() => {
      const images = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1]);
      expect([...resizedCrop(images, [0, 0, 1, 1, 0, 1, 1, 0], { size: 2 }).dataSync()]).toEqual([1, 2, 3, 4, 6, 5, 8, 7]);
      expect([...resizedCrop(images, [1, 0, 0, 1, 0.5, 0, 1, 0.5], { size: [2, 1] }).dataSync()]).toEqual([3.5, 1.5, 6.5, 7]);
    });
  });

  it('says what is wrong', () => {
    tf.tidy(() => {
      const images = tf.zeros<tf.Rank.R4>([1, 4, 4, 3]);
      expect(() => resizedCrop(images, [0, 0, 1], { size: 2 })).toThrow('resizedCrop: `boxes` must have 4 entries for these images, got 3');
      expect(() => resizedCrop(images, [0, 0, 1.5, 1], { size: 2 })).toThrow('got [0, 0, 1.5, 1] for image 0');
      expect(() => resizedCrop(images, [0, 0.5, 1, 0.5], { size: 2 })).toThrow('x0 != x1');
      expect(() => resizedCrop(images, [0, NaN, 1, 0.5], { size: 2 })).toThrow('NaN');
      expect(() => resizedCrop(images, [0, 0, 1, 1], { size: 1.5 })).toThrow('`size` must be an integer > 0');
      expect(() => resizedCrop(tf.cast(images, 'int32'), [0, 0, 1, 1], { size: 1 })).toThrow('`images` must be float32, got int32');
      expect(() => resizedCrop(tf.zeros([4, 4, 3]) as unknown as tf.Tensor4D, [], { size: 1 })).toThrow('got [4, 4, 3]');
      expect(() => randomResizedCrop({ size: 4, scale: [0, 1] })).toThrow(
        '`scale` must be [low, high] with 0 < low <= high <= 1, got [0, 1]',
      );
      expect(() => randomResizedCrop({ size: 4, ratio: [2, 1] })).toThrow('`ratio`');
      expect(() => randomResizedCrop({ size: 4, maxAttempts: 0 })).toThrow('`maxAttempts`');
      expect(() => randomResizedCrop({ size: 4, fit: 'pad' as 'clamp' })).toThrow("`fit` must be 'retry' or 'clamp', got \"pad\"");
      expect(() => randomResizedCrop({ size: 4, flipProbability: 2 })).toThrow('`flipProbability` must be in [0, 1], got 2');
    });
  });
});

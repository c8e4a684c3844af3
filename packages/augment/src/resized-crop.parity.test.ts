import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import colors from '../fixtures/colors.json';
import crops from '../fixtures/crops.json';
import { resizedCrop } from './resized-crop.ts';

interface Case {
  readonly images: number[];
  readonly shape: number[];
  readonly boxes: number[];
  readonly size: number[];
  readonly expected: number[];
}

function largestError({ images, shape, boxes, size, expected }: Case, antialias: boolean): number {
  const crop = tf.tidy(() =>
    resizedCrop(tf.tensor4d(images, shape as [number, number, number, number]), boxes, { size: size as [number, number], antialias }),
  );
  const got = crop.dataSync();
  expect(crop.shape).toEqual([shape[0], ...size, shape[3]]);
  crop.dispose();
  expect(got).toHaveLength(expected.length);
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - got[i]!)), 0);
}

describe('resizedCrop against PyTorch and Pillow', () => {
  it.each(crops.cases.map((one) => ({ ...one, name: `${one.rule} [${one.shape.join(', ')}] to [${one.size.join(', ')}]` })))(
    '$name',
    (one) => {
      expect(largestError(one, one.antialias)).toBeLessThan(1e-6);
    },
  );

  it('equals Pillow on boxes that are shrunk', () => {
    expect(largestError(colors.shrunkBoxes, true)).toBeLessThan(1e-6);
    expect(largestError(colors.shrunkBoxes, false)).toBeGreaterThan(0.05); // the filter makes the difference
  });
});

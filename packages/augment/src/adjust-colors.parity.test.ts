import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import fixture from '../fixtures/colors.json';
import { adjustColors, type ColorAdjustment } from './adjust-colors.ts';
import { COLOR_OPERATIONS, type ColorOperation } from './color-operation.ts';
import { gaussianFilter } from './gaussian-filter.ts';
import { grayscale } from './grayscale.ts';

type Shape = [number, number, number, number];

function largestError(run: () => tf.Tensor, expected: readonly number[]): number {
  const result = tf.tidy(run);
  const got = result.dataSync();
  result.dispose();
  expect(got).toHaveLength(expected.length);
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - got[i]!)), 0);
}

const images = () => tf.tensor4d(fixture.images, fixture.shape as Shape);

describe(`torchvision ${fixture.torchvision}'s tensor transforms`, () => {
  it.each(fixture.cases.map((one, i) => ({ one, name: `${i} ${one.orders[0]!.join(' ')}` })))('adjustColors, case $name', ({ one }) => {
    const adjustments = one.orders.map((order, i): ColorAdjustment => {
      const done = COLOR_OPERATIONS.filter((operation) => order.includes(operation));
      return { ...Object.fromEntries(done.map((operation) => [operation, one[operation]![i]!])), order: order as ColorOperation[] };
    });
    expect(largestError(() => adjustColors(images(), adjustments), one.expected)).toBeLessThan(2e-6);
  });

  it('adjustColors on one channel', () => {
    const { shape, brightness, contrast, saturation, hue, expected, images: pixels } = fixture.oneChannel;
    const adjustment = { brightness, contrast, saturation, hue };
    expect(largestError(() => adjustColors(tf.tensor4d(pixels, shape as Shape), [adjustment, adjustment]), expected)).toBeLessThan(1e-6);
  });

  it('grayscale', () => {
    expect(largestError(() => grayscale(images(), Array<boolean>(6).fill(true)), fixture.grayscale)).toBeLessThan(1e-6);
  });

  it.each(fixture.blurs)('gaussianFilter, kernel $kernelSize on $shape', ({ images: pixels, shape, sigmas, kernelSize, expected }) => {
    expect(largestError(() => gaussianFilter(tf.tensor4d(pixels, shape as Shape), sigmas, { kernelSize }), expected)).toBeLessThan(1e-6);
  });
});

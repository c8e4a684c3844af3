import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import fixture from '../fixtures/augment-more.json';
import { adjustSharpness } from './adjust-sharpness.ts';
import { affine } from './affine.ts';
import { autocontrast } from './autocontrast.ts';
import { equalize } from './equalize.ts';
import { erase } from './erase.ts';
import { filterFrequencies } from './filter-frequencies.ts';
import { invert } from './invert.ts';
import { perspective, type Corners } from './perspective.ts';
import { posterize } from './posterize.ts';
import { randOperations, type RandOperation } from './rand-augment.ts';
import { verticalFlip } from './vertical-flip.ts';

interface Images {
  readonly shape: number[];
  readonly images: number[];
}

function largestError(
  { shape, images }: Images,
  change: (images: tf.Tensor4D, n: number) => tf.Tensor4D,
  expected: readonly number[],
): number {
  const result = tf.tidy(() => {
    const pixels = images.map((byte) => byte / 255);
    return change(tf.tensor4d(pixels, shape as [number, number, number, number]), shape[0]!);
  });
  const got = result.dataSync();
  expect(result.shape).toEqual(shape);
  result.dispose();
  expect(got).toHaveLength(expected.length);
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - got[i]!)), 0);
}
const each = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);

describe(`torchvision ${fixture.torchvision}'s tensor transforms`, () => {
  const { moves, pixels, randAugment } = fixture;

  it.each(moves.cases.map((one, i) => ({ one, name: `${i} ${one.name}, ${one.interpolation}, fill ${one.fill}` })))('$name', ({ one }) => {
    const options = { interpolation: one.interpolation as 'nearest', fill: one.fill };
    const change = (images: tf.Tensor4D) =>
      one.corners ? perspective(images, [one.corners as unknown as Corners], options) : affine(images, [one.change], options);
    expect(largestError(moves, change, one.expected)).toBeLessThan(2e-5);
  });

  it.each(pixels.cases.map((one, i) => ({ one, name: `${i} ${one.name}` })))('$name', ({ one }) => {
    const operations: Record<string, (images: tf.Tensor4D, n: number) => tf.Tensor4D> = {
      verticalFlip: (images, n) => verticalFlip(images, each(n, true)),
      invert: (images, n) => invert(images, each(n, true)),
      autocontrast: (images, n) => autocontrast(images, each(n, true)),
      equalize: (images, n) => equalize(images, each(n, true)),
      posterize: (images, n) => posterize(images, each(n, one.bits)),
      adjustSharpness: (images, n) => adjustSharpness(images, each(n, one.factor)),
      erase: (images, n) => erase(images, each(n, one.box), { value: one.value! }),
    };
    expect(largestError(pixels, operations[one.name]!, one.expected)).toBeLessThan(2e-5);
  });

  it.each(randAugment.cases.map((one) => ({ one, name: `${one.name}, magnitude ${one.sign * one.magnitude}` })))(
    'randAugment: $name',
    ({ one }) => {
      const operation = randOperations({ interpolation: 'bilinear', fill: 0 })[one.name as RandOperation];
      const change = (images: tf.Tensor4D, n: number) => operation(images, one.magnitude / 30, each(n, one.sign));
      expect(
        largestError(
          randAugment,
          change,
          one.expectedBytes.map((byte) => byte / 255),
        ),
      ).toBeLessThan(2 / 255); // it works in bytes, which it cuts off
    },
  );

  it.each(fixture.spectrum.map((one, i) => ({ one, name: `${i} ${one.phases ? 'with' : 'without'} phases` })))(
    'filterFrequencies: $name',
    ({ one }) => {
      const filter = { gains: one.gains, ...(one.phases && { phases: one.phases }) };
      expect(largestError(one, (images) => filterFrequencies(images, filter), one.expected)).toBeLessThan(2e-5);
    },
  );
});

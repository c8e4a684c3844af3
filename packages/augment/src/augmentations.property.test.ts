import { createRng, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Augmentation } from './augmentation.ts';
import { colorJitter } from './color-jitter.ts';
import { compose } from './compose.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { gaussianNoise } from './gaussian-noise.ts';
import { randomAffine } from './random-affine.ts';
import { randomErasing } from './random-erasing.ts';
import { randomGrayscale } from './random-grayscale.ts';
import { randomHorizontalFlip } from './random-horizontal-flip.ts';
import { randomInvert } from './random-invert.ts';
import { randomPerspective } from './random-perspective.ts';
import { randomPosterize } from './random-posterize.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { randomRotation } from './random-rotation.ts';
import { randomSharpness } from './random-sharpness.ts';
import { randomSolarize } from './random-solarize.ts';
import { randomSpectrum } from './random-spectrum.ts';
import { randomVerticalFlip } from './random-vertical-flip.ts';

type Shape = [number, number, number, number];

const SIZE = 6;
const augmentations: Record<string, (probability: number) => Augmentation> = {
  randomResizedCrop: (probability) => randomResizedCrop({ size: SIZE, flipProbability: probability }),
  'randomResizedCrop, clamped': (probability) => randomResizedCrop({ size: SIZE, fit: 'clamp', flipProbability: probability }),
  randomHorizontalFlip: (probability) => randomHorizontalFlip({ probability }),
  colorJitter: (probability) => colorJitter({ brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.5, probability }),
  'colorJitter, one order': (probability) => colorJitter({ brightness: 0.8, hue: 0.2, order: ['hue', 'brightness'], probability }),
  randomGrayscale: (probability) => randomGrayscale({ probability }),
  randomSolarize: (probability) => randomSolarize({ probability }),
  gaussianBlur: (probability) => gaussianBlur({ probability, kernelSize: 3 }),
  randomVerticalFlip: (probability) => randomVerticalFlip({ probability }),
  randomAffine: (probability) =>
    randomAffine({ degrees: [10, 40], translate: [0.3, 0.3], scale: [0.5, 1.5], shearX: [-9, 9], probability }),
  randomRotation: (probability) => randomRotation({ degrees: [20, 340], probability }),
  randomPerspective: (probability) => randomPerspective({ probability }),
  randomErasing: (probability) => randomErasing({ probability, scale: [0.1, 0.4] }),
  'randomErasing, noise': (probability) => randomErasing({ probability, scale: [0.1, 0.4], value: 'random' }),
  randomPosterize: (probability) => randomPosterize({ probability }),
  randomSharpness: (probability) => randomSharpness({ factor: [0, 0.5], probability }),
  randomInvert: (probability) => randomInvert({ probability }),
  gaussianNoise: (probability) => gaussianNoise({ probability }),
  randomSpectrum: (probability) =>
    randomSpectrum({ amplitude: { probability }, phase: { probability: 0 }, mask: { probability: 0 }, gaussians: { probability: 0 } }),
  compose: (probability) =>
    compose([
      randomResizedCrop({ size: SIZE }),
      colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, probability }),
      gaussianBlur({ probability }),
    ]),
};
const crops = (name: string) => name.includes('Crop') || name === 'compose';

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 3, max: 8 }),
  fc.integer({ min: 3, max: 8 }),
  fc.constantFrom(1, 3),
);
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** Pixels with corner cases: exact 0 and 1, whole gray images. */
function pixelsOf(shape: Shape, seed: number): Float32Array {
  const count = shape.reduce((product, side) => product * side, 1);
  const drawn = drawUniform(createRng(seed).fold('pixels'), count, { min: -0.2, max: 1.2 });
  const perImage = count / shape[0];
  return drawn.map((value, i) => (Math.floor(i / perImage) === 2 ? 0.25 : Math.min(1, Math.max(0, value))));
}

function run(
  augment: Augmentation,
  batch: { pixels: Float32Array; shape: Shape; seed: number },
): { values: Float32Array; shape: number[] } {
  const images = tf.tensor4d(batch.pixels, batch.shape);
  const result = augment(images, createRng(batch.seed).fold('augment'));
  expect(images.isDisposed).toBe(false);
  const values = Float32Array.from(result.dataSync());
  tf.dispose([images, result]);
  return { values, shape: result.shape };
}

describe.each(Object.entries(augmentations))('%s', (name, create) => {
  it('keeps the shape and the range', () => {
    fc.assert(
      fc.property(shapes, seeds, (shape, seed) => {
        const { values, shape: got } = run(create(0.7), { pixels: pixelsOf(shape, seed), shape, seed });
        expect(got).toEqual(crops(name) ? [shape[0], SIZE, SIZE, shape[3]] : shape);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(-1e-6);
        expect(Math.max(...values)).toBeLessThanOrEqual(1 + 1e-6);
      }),
      { numRuns: 25 },
    );
  });

  it('gives the same bits for the same rng, others for another', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const shape: Shape = [40, 5, 5, 3]; // so many that two streams can't choose the same images by chance
        const batch = { pixels: pixelsOf(shape, seed), shape, seed };
        const first = run(create(0.5), batch).values;
        expect(run(create(0.5), batch).values).toEqual(first);
        expect(run(create(0.5), { ...batch, seed: seed + 1 }).values).not.toEqual(first);
      }),
      { numRuns: 10 },
    );
  });

  it('draws once per image: the others in the batch do not matter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), seeds, (image, seed) => {
        const shape: Shape = [8, 7, 5, 3];
        const pixels = pixelsOf(shape, seed);
        const others = pixelsOf(shape, seed + 1);
        const perImage = 7 * 5 * 3;
        others.set(pixels.subarray(image * perImage, (image + 1) * perImage), image * perImage);
        const whole = run(create(0.5), { pixels, shape, seed }).values;
        const mixed = run(create(0.5), { pixels: others, shape, seed }).values;
        const shorter = run(create(0.5), { pixels: pixels.slice(0, (image + 1) * perImage), shape: [image + 1, 7, 5, 3], seed }).values;
        const size = whole.length / 8;
        const row = (values: Float32Array) => values.slice(image * size, (image + 1) * size);
        expect(row(mixed)).toEqual(row(whole));
        expect(row(shorter)).toEqual(row(whole));
      }),
      { numRuns: 10 },
    );
  });
});

describe('probabilities', () => {
  it.each(Object.entries(augmentations).filter(([name]) => !crops(name)))('%s changes nothing with probability 0', (_, create) => {
    const shape: Shape = [6, 5, 4, 3];
    const pixels = pixelsOf(shape, 3);
    expect(run(create(0), { pixels, shape, seed: 3 }).values).toEqual(pixels);
  });

  it.each(Object.entries(augmentations).filter(([name]) => !crops(name)))(
    '%s changes as many images as its probability says',
    (_, create) => {
      const n = 2000;
      const shape: Shape = [n, 3, 3, 3];
      const pixels = drawUniform(createRng(5), n * 27);
      for (const probability of [0.2, 1]) {
        const { values } = run(create(probability), { pixels, shape, seed: 5 });
        const changed = Array.from({ length: n }, (_unused, i) => i).filter((i) =>
          values.subarray(27 * i, 27 * i + 27).some((v, k) => v !== pixels[27 * i + k]),
        );
        // four standard deviations; with probability 1 all, but for blurs and shifts of hue too small for float32
        expect(Math.abs(changed.length / n - probability)).toBeLessThan(probability === 1 ? 0.06 : 4 * Math.sqrt((0.2 * 0.8) / n));
      }
    },
  );
});

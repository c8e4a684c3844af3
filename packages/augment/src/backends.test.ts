import { createRng } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import type { Augmentation } from './augmentation.ts';
import { colorJitter } from './color-jitter.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { gaussianNoise } from './gaussian-noise.ts';
import { normalize } from './normalize.ts';
import { randAugment } from './rand-augment.ts';
import { randomAffine } from './random-affine.ts';
import { randomEqualize } from './random-equalize.ts';
import { randomErasing } from './random-erasing.ts';
import { randomGrayscale } from './random-grayscale.ts';
import { randomHorizontalFlip } from './random-horizontal-flip.ts';
import { randomPerspective } from './random-perspective.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { randomSolarize } from './random-solarize.ts';
import { randomSpectrum } from './random-spectrum.ts';

const augmentations: Record<string, Augmentation> = {
  randomResizedCrop: randomResizedCrop({ size: 16, flipProbability: 0.5 }),
  randomHorizontalFlip: randomHorizontalFlip(),
  colorJitter: colorJitter({ brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.5 }),
  randomGrayscale: randomGrayscale(),
  randomSolarize: randomSolarize(),
  gaussianBlur: gaussianBlur(),
  randomAffine: randomAffine({ degrees: [-30, 30], translate: [0.2, 0.2], scale: [0.7, 1.4], fill: 0.3 }),
  randomPerspective: randomPerspective(),
  randAugment: randAugment({ magnitude: 13.1 }),
  randomEqualize: randomEqualize(),
  randomErasing: randomErasing({ value: 'random' }),
  randomSpectrum: randomSpectrum({ phase: { probability: 0.5 }, gaussians: { probability: 0.5, sigma: [2, 3] } }),
  gaussianNoise: gaussianNoise({ probability: 0.5 }),
  normalize: normalize({ mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] }),
};

async function runOn(backend: string, augment: Augmentation): Promise<Float32Array> {
  await tf.setBackend(backend);
  const images = tf.randomUniform<tf.Rank.R4>([32, 24, 20, 3], 0, 1, 'float32', 7);
  const result = augment(images, createRng(1));
  const values = Float32Array.from(await result.data());
  tf.dispose([images, result]);
  return values;
}

afterAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(['stock kernels', 'training kernels'])('the wasm backend with %s', (kernels) => {
  it.each(Object.entries(augmentations))('gives the %s of the cpu backend', async (_, augment) => {
    const expected = await runOn('cpu', augment);
    await tf.setBackend('wasm');
    const registered = kernels === 'training kernels' ? await registerTrainingKernels() : undefined;
    const got = await runOn('wasm', augment);
    registered?.dispose();
    expect(got).toHaveLength(expected.length);
    expect(expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - got[i]!)), 0)).toBeLessThan(5e-6);
  });
});

import { createRng } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import type { Augmentation } from './augmentation.ts';
import { colorJitter } from './color-jitter.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { normalize } from './normalize.ts';
import { randomGrayscale } from './random-grayscale.ts';
import { randomHorizontalFlip } from './random-horizontal-flip.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { randomSolarize } from './random-solarize.ts';

const augmentations: Record<string, Augmentation> = {
  randomResizedCrop: randomResizedCrop({ size: 16, flipProbability: 0.5 }),
  randomHorizontalFlip: randomHorizontalFlip(),
  colorJitter: colorJitter({ brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.5 }),
  randomGrayscale: randomGrayscale(),
  randomSolarize: randomSolarize(),
  gaussianBlur: gaussianBlur(),
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

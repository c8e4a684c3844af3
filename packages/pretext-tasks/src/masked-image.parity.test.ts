import { readFileSync } from 'node:fs';
import type { Module } from '@selfsup/core';
import { linear, maeDecoder, vit, type MaeDecoderOptions, type VitOptions, type VitSize } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { mae } from './mae.ts';
import type { PatchMasking } from './patch-masking.ts';
import { simMim } from './sim-mim.ts';

type Named = Readonly<Record<string, number[]>>;
interface Fixture {
  meta: { versions: string };
  vit: VitOptions & VitSize & { imageSize: number; patchSize: number; channels: number };
  decoder: MaeDecoderOptions;
  rate: number;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  steps: (Readonly<Record<'images' | 'keep' | 'restore' | 'mask', number[]>> & { loss: number; gradients?: Named; weights?: Named })[];
}
const read = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as Fixture;

function makeTask(name: 'mae' | 'sim-mim', fixture: Fixture) {
  let drawn = 0; // masks of the fixture, one for each step
  const masking: PatchMasking = () => {
    const { keep, restore, mask } = fixture.steps[drawn++]!;
    return { keep: Int32Array.from(keep), restore: Int32Array.from(restore), mask: Float32Array.from(mask) };
  };
  if (name === 'mae') return mae({ backbone: vit(fixture.vit), decoder: maeDecoder(fixture.decoder), masking });
  const { width, patchSize, channels } = fixture.vit;
  const head = linear({ inputDim: width, outputDim: patchSize * patchSize * channels });
  return simMim({ backbone: vit({ ...fixture.vit, maskToken: true }), head, masking });
}

function setWeights(trainable: Module['trainable'], start: Fixture['start']): void {
  expect(Object.keys(trainable).sort()).toEqual(Object.keys(start).sort());
  for (const [path, { shape, values }] of Object.entries(start)) {
    expect(trainable[path]!.shape, path).toEqual(shape);
    tf.tidy(() => {
      trainable[path]!.assign(tf.tensor(values, shape));
    });
  }
}

/** The largest difference as a part of the largest value; the gradient of a key's bias is rounding noise: a constant added to all scores changes nothing. */
const distance = (actual: ArrayLike<number>, expected: readonly number[], path: string) => {
  expect(actual.length, path).toBe(expected.length);
  const largest = path.endsWith('key/bias') ? 1 : Math.max(...expected.map(Math.abs));
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i]! - value) / largest), 0);
};

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it.each(['mae', 'sim-mim'] as const)('%s takes three training steps as PyTorch does', async (name) => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
    const fixture = read(name);
    const task = makeTask(name, fixture) as ReturnType<typeof mae>;
    let gradients: Named = {};
    const watched: typeof task = {
      ...task,
      create: (ctx) => ({
        ...task.create(ctx),
        transformGradients(given) {
          gradients = Object.fromEntries(Object.entries(given).map(([path, gradient]) => [path, [...gradient!.dataSync()]]));
          return given;
        },
      }),
    };
    const optimizer = sgd({ learningRate: fixture.rate });
    const trainer = createTrainer({ task: watched, optimizer, totalSteps: fixture.steps.length, seed: 0 });
    setWeights(trainer.run.trainable, fixture.start);
    const { imageSize, channels } = fixture.vit;
    for (const step of fixture.steps) {
      const images = tf.tensor4d(step.images, [step.images.length / (imageSize * imageSize * channels), imageSize, imageSize, channels]);
      const { loss } = await trainer.trainStep({ images });
      images.dispose();
      expect(Math.abs(loss / step.loss - 1)).toBeLessThan(1e-4);
      for (const [path, values] of Object.entries(step.gradients ?? {}))
        expect(distance(gradients[path]!, values, path), `gradient of ${path}`).toBeLessThan(1e-4);
      for (const [path, values] of Object.entries(step.weights ?? {})) {
        expect(distance(trainer.run.trainable[path]!.dataSync(), values, path), path).toBeLessThan(1e-4);
        if (!path.endsWith('key/bias')) expect(distance(values, fixture.start[path]!.values, path), `${path} moves`).toBeGreaterThan(1e-4);
      }
    }
    expect(fixture.steps.at(-1)!.weights).toBeDefined();
    trainer.dispose();
  });
});

import { readFileSync } from 'node:fs';
import { batchNorm, linear, projectionHead, prototypes, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { swav } from './swav.ts';

interface Run {
  crops: number;
  queueSize: number;
  freeze: number;
  temperature: number;
  epsilon: number;
  iterations: number;
  steps: ReferenceStep[];
}
interface Fixture {
  meta: { torch: string };
  rate: number;
  sizes: number[];
  widths: Readonly<Record<'channels' | 'features' | 'hidden' | 'projected' | 'numPrototypes', number>>;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  batches: number[][][];
  runs: Readonly<Record<string, Run>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/swav.json', import.meta.url), 'utf8')) as Fixture;
const { channels, features, hidden, projected, numPrototypes } = fixture.widths;
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  pool: stateless((images: tf.Tensor4D) => tf.mean<tf.Tensor2D>(images, [1, 2])),
  linear: linear({ inputDim: channels, outputDim: features, bias: false }),
  norm: batchNorm<tf.Tensor2D>({ channels: features, activation: 'relu' }),
});

it.each(Object.entries(fixture.runs))(`takes three training steps as PyTorch ${fixture.meta.torch} does: %s`, async (_, run) => {
  const { crops, queueSize, freeze: freezePrototypesSteps, temperature, epsilon, iterations, steps } = run;
  const task = swav({
    backbone,
    queueSize,
    freezePrototypesSteps,
    temperature,
    epsilon,
    iterations,
    projectionHead: projectionHead({ inputDim: features, hiddenDim: hidden, outputDim: projected, batchNorm: true }),
    prototypes: prototypes({ inputDim: projected, numPrototypes }),
  });
  const frozen = (path: string, step: number) => path.startsWith('prototypes/') && step < freezePrototypesSteps;
  const { rate, start } = fixture;
  const metrics = await checkSteps({ task, rate, start, steps, frozen }, (step) => ({
    views: fixture.batches[step]!.slice(0, crops).map((values, crop) => {
      const size = fixture.sizes[crop]!;
      return tf.tensor4d(values, [values.length / (size * size * channels), size, size, channels]);
    }),
  }));
  for (const { prototypeEntropy } of metrics) expect(prototypeEntropy).toBeGreaterThan(0.1);
});

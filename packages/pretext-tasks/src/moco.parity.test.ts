import { readFileSync } from 'node:fs';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { backbone, channels, projectionHead, size } from '../fixtures/tiny-networks.ts';
import { moco } from './moco.ts';

interface Run {
  temperature: number;
  momentum: number;
  groups: number;
  symmetric: boolean;
  steps: { loss: number; values: Readonly<Record<string, number[]>> }[];
}
interface Fixture {
  meta: { torch: string };
  rate: number;
  queueSize: number;
  outputDim: number;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  views: number[][][];
  runs: Readonly<Record<string, Run>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/moco.json', import.meta.url), 'utf8')) as Fixture;
const norm = (values: readonly number[]) => Math.hypot(...values);

it.each(Object.entries(fixture.runs))(`takes three training steps as PyTorch ${fixture.meta.torch} does: %s`, async (_, run) => {
  const { queueSize, outputDim, rate, start } = fixture;
  const { temperature, momentum, groups: shuffleGroups, symmetric } = run;
  const task = moco({ backbone, projectionHead, queueSize, outputDim, temperature, momentum, shuffleGroups, symmetric });
  const trainer = createTrainer({ task, optimizer: sgd({ learningRate: rate }), totalSteps: 3, seed: 0 });
  const variables = { ...trainer.run.trainable, ...trainer.run.buffers };
  for (const [path, { shape, values }] of Object.entries(start)) {
    const value = tf.tensor(values, shape);
    variables[path]!.assign(value);
    value.dispose();
  }
  for (const [step, expected] of run.steps.entries()) {
    const pair = fixture.views[step]!.map((values) =>
      tf.tensor4d(values, [values.length / (size * size * channels), size, size, channels]),
    );
    const { loss } = await trainer.trainStep({ views: pair });
    tf.dispose(pair);
    expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-4);
    expect(Object.keys(expected.values).sort()).toEqual(Object.keys(variables).sort());
    for (const [path, values] of Object.entries(expected.values)) {
      const actual = variables[path]!.dataSync();
      expect(actual.length).toBe(values.length);
      expect(norm(values.map((value, i) => actual[i]! - value)) / norm(values), `${path} after step ${step}`).toBeLessThan(1e-4);
      const before = start[path]?.values;
      if (step === 2 && before)
        expect(norm(values.map((value, i) => before[i]! - value)) / norm(values), `${path} moves`).toBeGreaterThan(1e-3);
    }
  }
  trainer.dispose();
});

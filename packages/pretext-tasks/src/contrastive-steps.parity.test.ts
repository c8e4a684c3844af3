import { readFileSync } from 'node:fs';
import type { AnyPretextTask } from '@selfsup/core';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { backbone, channels, predictionHead, projectionHead, size } from '../fixtures/tiny-networks.ts';
import { dcl } from './dcl.ts';
import { mocoV3 } from './moco-v3.ts';
import { simclr } from './simclr.ts';

interface Fixture {
  meta: { torch: string };
  rate: number;
  momenta: number[];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  views: number[][][];
  runs: Readonly<Record<'simclr' | 'dcl' | 'dclw' | 'moco-v3', { loss: number; values: Readonly<Record<string, number[]>> }[]>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/contrastive-steps.json', import.meta.url), 'utf8')) as Fixture;
const { rate, momenta, start, views, runs } = fixture;
const norm = (values: readonly number[]) => Math.hypot(...values);
const tasks: [keyof typeof runs, AnyPretextTask<{ views: tf.Tensor4D[] }>][] = [
  ['simclr', simclr({ backbone, projectionHead, convention: 'sum-of-views' })],
  ['dcl', dcl({ backbone, projectionHead })],
  ['dclw', dcl({ backbone, projectionHead, weighted: true })],
  // asked for the step whose keys follow
  ['moco-v3', mocoV3({ backbone, projectionHead, predictionHead, momentum: (step) => momenta[step - 1]! })],
];

it.each(tasks)(`takes three training steps as PyTorch ${fixture.meta.torch} does: %s`, async (name, task) => {
  const trainer = createTrainer({ task, optimizer: sgd({ learningRate: rate }), totalSteps: 3, seed: 0 });
  const variables = { ...trainer.run.trainable, ...trainer.run.buffers };
  for (const path of Object.keys(runs[name][0]!.values)) {
    const { values, shape } = start[path]!;
    const value = tf.tensor(values, shape);
    variables[path]!.assign(value);
    value.dispose();
  }
  for (const [step, expected] of runs[name].entries()) {
    const pair = views[step]!.map((values) => tf.tensor4d(values, [values.length / (size * size * channels), size, size, channels]));
    const { loss } = await trainer.trainStep({ views: pair });
    tf.dispose(pair);
    expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-4);
    expect(Object.keys(expected.values)).toEqual(expect.arrayContaining(Object.keys(trainer.run.trainable)));
    for (const [path, values] of Object.entries(expected.values)) {
      const actual = variables[path]!.dataSync();
      expect(actual.length).toBe(values.length);
      expect(norm(values.map((value, i) => actual[i]! - value)) / norm(values), `${path} after step ${step}`).toBeLessThan(1e-4);
      // a constant before a linear layer and a batch norm changes nothing
      if (step === 2 && !(name === 'moco-v3' && path === 'projectionHead/linear/bias'))
        expect(norm(values.map((value, i) => start[path]!.values[i]! - value)) / norm(values), `${path} moves`).toBeGreaterThan(1e-3);
    }
  }
  trainer.dispose();
});

import { readFileSync } from 'node:fs';
import { convNet, dinoHead } from '@selfsup/encoders';
import { chain, clipByNorm, sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { dino } from './dino.ts';

interface Fixture {
  meta: { torch: string };
  rate: number;
  maxNorm: number;
  momenta: number[];
  temperatures: number[];
  frozenSteps: number;
  sides: number[];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  views: number[][][];
  steps: { loss: number; values: Readonly<Record<string, number[]>> }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/dino.json', import.meta.url), 'utf8')) as Fixture;
const { rate, maxNorm, momenta, temperatures, frozenSteps, sides, start, views, steps } = fixture;
const norm = (values: readonly number[]) => Math.hypot(...values);

it(`takes three steps with crops of two sizes as PyTorch ${fixture.meta.torch} does: loss, weights, teacher, center`, async () => {
  const task = dino({
    backbone: convNet({ channels: 2, widths: [4, 6] }),
    projectionHead: dinoHead({ inputDim: 6, hiddenDim: 7, bottleneckDim: 4, outputDim: 8 }),
    outputDim: 8,
    teacherTemperature: (step) => temperatures[step]!,
    momentum: (step) => momenta[step]!,
    freezeLastLayerSteps: frozenSteps,
  });
  const optimizer = chain(clipByNorm(maxNorm), sgd({ learningRate: rate }));
  const trainer = createTrainer({ task, optimizer, totalSteps: 3, seed: 0 });
  const variables = { ...trainer.run.trainable, ...trainer.run.buffers };
  for (const [path, { values, shape }] of Object.entries(start)) {
    const value = tf.tensor(values, shape);
    variables[path]!.assign(value);
    value.dispose();
  }
  for (const [step, expected] of steps.entries()) {
    const crops = views[step]!.map((values, i) => tf.tensor4d(values, [4, sides[i]!, sides[i]!, 2]));
    const { loss } = await trainer.trainStep({ views: crops });
    tf.dispose(crops);
    expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-4);
    const paths = Object.keys(trainer.run.trainable);
    expect(Object.keys(expected.values).sort()).toEqual([...paths, ...paths.map((path) => `teacher/${path}`), 'center'].sort());
    for (const [path, values] of Object.entries(expected.values)) {
      const actual = variables[path]!.dataSync();
      expect(actual.length).toBe(values.length);
      expect(norm(values.map((value, i) => actual[i]! - value)) / norm(values), `${path} after step ${step}`).toBeLessThan(1e-4);
      if (path === 'center') continue;
      const moved = norm(values.map((value, i) => start[path]!.values[i]! - value)) / norm(values);
      if (path === 'projectionHead/lastLayer/kernel' && step < frozenSteps) expect(moved, `${path} is frozen`).toBe(0);
      else expect(moved, `${path} moves`).toBeGreaterThan(1e-3);
    }
  }
  trainer.dispose();
});

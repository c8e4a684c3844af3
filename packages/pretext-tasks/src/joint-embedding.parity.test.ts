import { readFileSync } from 'node:fs';
import { cosine, type AnyPretextTask } from '@selfsup/core';
import { batchNorm, linear, projectionHead, sequential, stateless } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { barlowTwins } from './barlow-twins.ts';
import { byol } from './byol.ts';
import { simSiam } from './sim-siam.ts';
import { vicreg } from './vicreg.ts';

interface Run {
  task: 'byol' | 'sim-siam' | 'barlow-twins' | 'vicreg';
  rate: number;
  momentum?: number;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  steps: { loss: number; zStd: number; after: Readonly<Record<string, number[]>> }[];
}
interface Fixture {
  meta: { torch: string };
  shape: [number, number, number, number];
  widths: Readonly<Record<'features' | 'hidden' | 'projected' | 'narrow', number>>;
  views: [number[], number[]][];
  runs: Run[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/joint-embedding.json', import.meta.url), 'utf8')) as Fixture;
const { shape, widths } = fixture;
const { features, hidden, projected, narrow } = widths;
const pixels = shape[1] * shape[2] * shape[3];

const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape(x, [-1, pixels])),
  linear: linear({ inputDim: pixels, outputDim: features }),
  norm: batchNorm<tf.Tensor2D>({ channels: features, activation: 'relu' }),
});
const head = { inputDim: features, hiddenDim: hidden, outputDim: projected, batchNorm: true };
const predictionHead = projectionHead({ inputDim: projected, hiddenDim: narrow, outputDim: projected, batchNorm: true });
const wide = projectionHead({ ...head, numLayers: 3, biasLast: false });
/** Biases that the next batch normalization takes away again: their gradient is 0. */
const unmoved = /(backbone\/linear|projectionHead\/linear2)\/bias$/;
const tasks: Record<Run['task'], (momentum?: number) => AnyPretextTask> = {
  byol: (initial) => {
    const schedule = initial === 0.996 ? {} : { momentum: cosine({ initial: initial!, final: 1, steps: fixture.views.length }) };
    return byol({ backbone, projectionHead: projectionHead(head), predictionHead, ...schedule });
  },
  'sim-siam': () =>
    simSiam({
      backbone,
      projectionHead: projectionHead({ ...head, numLayers: 3, batchNormLast: 'affine-free' }),
      predictionHead,
    }),
  'barlow-twins': () => barlowTwins({ backbone, projectionHead: wide }),
  vicreg: () => vicreg({ backbone, projectionHead: wide }),
};

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it.each(fixture.runs.map((run) => [run.momentum ? `${run.task} with momentum ${run.momentum} at first` : run.task, run] as const))(
    `%s takes three training steps as PyTorch ${fixture.meta.torch} does`,
    async (_, { task, rate, momentum, start, steps }) => {
      await tf.setBackend(backend);
      if (backend === 'wasm') await registerTrainingKernels();
      const trainer = createTrainer({
        task: tasks[task](momentum),
        optimizer: sgd({ learningRate: rate }),
        totalSteps: steps.length,
        seed: 0,
      });
      const variables = { ...trainer.run.trainable, ...trainer.run.buffers };
      expect(Object.keys(trainer.run.trainable).sort()).toEqual(Object.keys(start).sort());
      expect(Object.keys(variables).sort()).toEqual(Object.keys(steps[0]!.after).sort());
      for (const [path, { shape: expected, values }] of Object.entries(start))
        for (const variable of [variables[path]!, variables[`target/${path}`]]) {
          if (!variable) continue;
          expect(variable.shape, path).toEqual(expected);
          tf.tidy(() => {
            variable.assign(tf.tensor(values, expected));
          });
        }
      for (const [step, expected] of steps.entries()) {
        const views = fixture.views[step]!.map((values) => tf.tensor4d(values, shape));
        const { loss, metrics } = await trainer.trainStep({ views });
        tf.dispose(views);
        expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-4);
        expect(Math.abs(metrics['zStd']! / expected.zStd - 1)).toBeLessThan(1e-4);
        for (const [path, values] of Object.entries(expected.after)) {
          const actual = variables[path]!.dataSync();
          const largest = Math.max(1e-2, ...values.map(Math.abs)); // some running means are 0 but for rounding
          values.forEach((value, i) => {
            expect(Math.abs(actual[i]! - value) / largest, `${path} after step ${step}`).toBeLessThan(1e-4);
          });
          const before = start[path.replace('target/', '')]?.values;
          if (step === 2 && before && !unmoved.test(path)) {
            const moved = Math.max(...values.map((value, i) => Math.abs(value - before[i]!)));
            expect(moved, `${path} moves`).toBeGreaterThan(path.startsWith('target') && momentum === 0.996 ? 1e-6 : 1e-3);
          }
        }
      }
      trainer.dispose();
    },
  );
});

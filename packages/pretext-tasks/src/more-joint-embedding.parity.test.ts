import { readFileSync } from 'node:fs';
import type { AnyPretextTask } from '@selfsup/core';
import { batchNorm, linear, projectionHead, sequential, stateless } from '@selfsup/encoders';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { empSsl } from './emp-ssl.ts';
import { fastSiam } from './fast-siam.ts';
import { frossl } from './frossl.ts';
import { lejepa } from './lejepa.ts';
import { mmcr } from './mmcr.ts';
import { tico } from './tico.ts';
import { vibcreg } from './vibcreg.ts';
import { visreg } from './visreg.ts';
import { wMse } from './w-mse.ts';

type Batch = Readonly<{ views: tf.Tensor4D[] }>;
interface Fixture {
  meta: { torch: string };
  shape: [number, number, number, number];
  sizes: Readonly<Record<'features' | 'hidden' | 'projected' | 'narrow' | 'slices', number>>;
  views: number[][][];
  runs: {
    task: keyof typeof tasks;
    rate: number;
    start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
    steps: ReferenceStep[];
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/joint-embedding-more.json', import.meta.url), 'utf8')) as Fixture;
const { shape, sizes } = fixture;
const pixels = shape[1] * shape[2] * shape[3];

const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape(x, [-1, pixels])),
  linear: linear({ inputDim: pixels, outputDim: sizes.features, bias: false }),
  norm: batchNorm<tf.Tensor2D>({ channels: sizes.features, activation: 'relu' }),
});
const head = projectionHead({ inputDim: sizes.features, hiddenDim: sizes.hidden, outputDim: sizes.projected, batchNorm: true });
const predictionHead = projectionHead({ inputDim: sizes.projected, hiddenDim: sizes.narrow, outputDim: sizes.projected, batchNorm: true });
const networks = { backbone, projectionHead: head };
const numSlices = sizes.slices;
const tasks = {
  lejepa: lejepa({ ...networks, numSlices, numGlobal: 2, regularizationWeight: 0.3 }),
  visreg: visreg({ ...networks, numSlices, numGlobal: 2, regularizationWeight: 0.6 }),
  'emp-ssl': empSsl({ ...networks, similarityWeight: 5 }),
  tico: tico({ ...networks, outputDim: sizes.projected, momentum: 0.9 }),
  vibcreg: vibcreg(networks),
  'w-mse': wMse(networks),
  mmcr: mmcr({ ...networks, localWeight: 0.1 }),
  frossl: frossl({ ...networks, invarianceWeight: 1.4 }),
  'fast-siam': fastSiam({ ...networks, predictionHead }),
};

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it.each(fixture.runs)(`$task takes three training steps as PyTorch ${fixture.meta.torch} does`, async ({ task: name, ...run }) => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
    const task = tasks[name] as AnyPretextTask<Batch>;
    const count = ['tico', 'vibcreg'].includes(name) ? 2 : 3;
    // a bias at the end that is taken away again, by a mean or by batch normalization
    const frozen = (path: string) => /projectionHead\/linear2\/bias$/.test(path) && ['vibcreg', 'w-mse', 'fast-siam'].includes(name);
    const metrics = await checkSteps({ task, ...run, frozen }, (step) => ({
      views: fixture.views[step]!.slice(0, count).map((values) => tf.tensor4d(values, shape)),
    }));
    for (const { zStd } of metrics) expect(zStd).toBeGreaterThan(0.05);
  });
});

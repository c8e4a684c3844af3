import type { AnyPretextTask, Gradients } from '@selfsup/core';
import { conv2d, dinoHead, globalAveragePool, linear, projectionHead, prototypes, sequential, stateless } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { makeViews } from '../fixtures/tiny-networks.ts';
import { barlowTwins } from './barlow-twins.ts';
import { byol } from './byol.ts';
import { dcl } from './dcl.ts';
import { dino } from './dino.ts';
import { mocoV3 } from './moco-v3.ts';
import { moco } from './moco.ts';
import { nnclr } from './nnclr.ts';
import { simSiam } from './sim-siam.ts';
import { simclr } from './simclr.ts';
import { swav } from './swav.ts';
import { vicreg } from './vicreg.ts';

// Networks without batch statistics, which would be those of a micro-batch.
const [features, projected, numPrototypes] = [6, 5, 4];
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  conv: conv2d({ inChannels: 2, filters: features, kernelSize: 3, padding: 1 }),
  tanh: stateless((x: tf.Tensor4D) => tf.tanh(x)),
  pool: globalAveragePool(),
  dense: linear({ inputDim: features, outputDim: features }),
});
const networks = { backbone, projectionHead: projectionHead({ inputDim: features, hiddenDim: 8, outputDim: projected }) };
// a bias at the end cancels in the losses of Barlow Twins and VICReg: its gradient would be rounding noise
const unbiased = { backbone, projectionHead: projectionHead({ inputDim: features, hiddenDim: 8, outputDim: projected, biasLast: false }) };
const predicting = { ...networks, predictionHead: projectionHead({ inputDim: projected, hiddenDim: 8, outputDim: projected }) };
const clustered = { ...networks, prototypes: prototypes({ inputDim: projected, numPrototypes }), freezePrototypesSteps: 0 };

type Task = AnyPretextTask<{ views: tf.Tensor4D[] }>;
const tasks: [string, Task, options?: { views?: number; rate?: number }][] = [
  ['simclr', simclr(networks), { views: 3 }],
  ['dcl, weighted', dcl({ ...networks, weighted: true })],
  ['moco, symmetric', moco({ ...networks, outputDim: projected, queueSize: 150, shuffleGroups: 2, symmetric: true, momentum: 0.9 })],
  ['moco-v3', mocoV3(predicting)],
  ['nnclr', nnclr({ ...predicting, outputDim: projected, queueSize: 100 })],
  ['byol', byol({ ...predicting, momentum: 0.9 })],
  ['sim-siam', simSiam(predicting)],
  ['barlow-twins', barlowTwins(unbiased), { rate: 0.01 }],
  ['vicreg', vicreg(unbiased), { rate: 0.01 }],
  ['swav', swav(clustered), { views: 3 }],
  ['swav, with a queue', swav({ ...clustered, queueSize: 100 }), { views: 3 }],
  [
    'dino',
    dino({
      backbone,
      projectionHead: dinoHead({ inputDim: features, hiddenDim: 7, bottleneckDim: 4, outputDim: 8 }),
      outputDim: 8,
      momentum: 0.9,
    }),
    { views: 3 },
  ],
];

type Values = Readonly<Record<string, ArrayLike<number>>>;

/** Trains with plain SGD; gives the losses, the gradients of each step and all variables after it. */
async function train(task: Task, steps: readonly { views: tf.Tensor4D[] }[][], rate: number) {
  const gradients: Values[] = [];
  const watched: Task = {
    ...task,
    create(ctx) {
      const run = task.create(ctx);
      return {
        ...run,
        transformGradients(given: Gradients, context) {
          gradients.push(Object.fromEntries(Object.entries(given).map(([path, gradient]) => [path, gradient!.dataSync()])));
          return run.transformGradients?.(given, context) ?? given;
        },
      };
    },
  };
  const trainer = createTrainer({ task: watched, optimizer: sgd({ learningRate: rate }), totalSteps: steps.length, seed: 0 });
  const losses: number[] = [];
  const values: Values[] = [];
  for (const batches of steps) {
    losses.push((await trainer.trainStep(batches)).loss);
    const variables = Object.entries({ ...trainer.run.trainable, ...trainer.run.buffers });
    values.push(Object.fromEntries(variables.map(([path, variable]) => [path, variable.dataSync()])));
  }
  trainer.dispose();
  return { losses, gradients, values };
}

/** The greatest difference of each variable's values as a part of its greatest value, and the variable where it is greatest. */
function apart(actual: Values, expected: Values): [number, string] {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  const greatest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));
  const ofAll = Math.max(...Object.values(expected).map(greatest));
  const errors = Object.entries(expected).map(([path, values]): [number, string] => {
    const difference = greatest(Array.from(values, (x, i) => x - actual[path]![i]!));
    return [difference / Math.max(greatest(values), 1e-2 * ofAll), path]; // some are zero but for rounding
  });
  return errors.reduce((a, b) => (b[0] > a[0] ? b : a));
}

describe.each(tasks)('%s', (_, task, { views = 2, rate = 0.1 } = {}) => {
  it('learns from 4 micro-batches of 16 what it learns from one batch of 64', async () => {
    const whole = [0, 1, 2].map((step) => [makeViews(views, 64, step)]);
    const parts = whole.map(([batch]) => {
      const split = batch!.views.map((view) => tf.split<tf.Tensor4D>(view, 4));
      return [0, 1, 2, 3].map((part) => ({ views: split.map((of) => of[part]!) }));
    });
    const expected = await train(task, whole, rate);
    const actual = await train(task, parts, rate);
    for (let step = 0; step < 3; step++) {
      // later steps start from weights, queues, centers and targets that differ by rounding
      const tolerance = step === 0 ? 1e-5 : 1e-4;
      expect(Math.abs(actual.losses[step]! / expected.losses[step]! - 1), `the loss of step ${step}`).toBeLessThan(tolerance);
      const [gradientError, gradientPath] = apart(actual.gradients[step]!, expected.gradients[step]!);
      expect(gradientError, `the gradient of ${gradientPath} at step ${step}`).toBeLessThan(tolerance);
      const [valueError, valuePath] = apart(actual.values[step]!, expected.values[step]!);
      expect(valueError, `${valuePath} after step ${step}`).toBeLessThan(tolerance / 10);
    }
    tf.dispose([whole, parts]);
  });
});

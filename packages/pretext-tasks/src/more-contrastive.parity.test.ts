import { readFileSync } from 'node:fs';
import type { AnyPretextTask, Batch } from '@selfsup/core';
import { linear, neighborEncoder } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { backbone, channels, features, predictionHead, projected, projectionHead, size } from '../fixtures/tiny-networks.ts';
import { all4One } from './all4one.ts';
import { denseCl } from './dense-cl.ts';
import { nnByol } from './nn-byol.ts';
import { nnSiam } from './nn-siam.ts';
import { ressl } from './ressl.ts';
import { smog } from './smog.ts';
import { supCon } from './sup-con.ts';

type Options = Readonly<Record<string, never>>;
interface Run {
  rate: number;
  options: Options;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  steps: ReferenceStep[];
}
interface Fixture {
  meta: { torch: string };
  labels: number[];
  queueSize: number;
  outputDim: number;
  batches: number[][][];
  runs: Readonly<Record<string, Run[]>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/contrastive-more.json', import.meta.url), 'utf8')) as Fixture;
const networks = { backbone, projectionHead };
const { queueSize, outputDim } = fixture;
const queued = { ...networks, queueSize, outputDim };
/** It stands before the prediction head's batch norm alone. */
const headBias = (path: string) => path === 'projectionHead/linear/bias' || path === 'target/projectionHead/linear/bias';

/** How a task is made of a run's options, its batch beside the views, and which variables move by rounding alone. */
interface Subject {
  readonly make: (options: Options) => AnyPretextTask;
  readonly more?: () => Batch;
  readonly frozen?: (path: string) => boolean;
}
const subjects: Readonly<Record<string, Subject>> = {
  'sup-con': {
    make: (options) => supCon({ ...networks, ...options }),
    more: () => ({ labels: tf.tensor1d(fixture.labels, 'int32') }),
  },
  ressl: { make: (options) => ressl({ ...queued, ...options }) },
  'nn-byol': { make: (options) => nnByol({ ...queued, predictionHead, ...options }), frozen: headBias },
  'nn-siam': { make: (options) => nnSiam({ ...queued, predictionHead, ...options }), frozen: headBias },
  all4one: {
    make: (options) =>
      all4One({
        ...queued,
        predictionHead,
        centroidHead: predictionHead,
        neighborEncoder: neighborEncoder({ width: projected, numLayers: 2, numHeads: 1, dropoutRate: 0 }),
        ...options,
      }),
    frozen: (path) => path.endsWith('/key/bias'), // it adds the same to all of a query's scores
  },
  'dense-cl': {
    make: (options) => {
      const head = linear({ inputDim: features, outputDim });
      const mapped = mappedNetwork({ channels, width: features, norm: true });
      return denseCl({ backbone: mapped, projectionHead: head, denseHead: head, queueSize, outputDim, shuffleGroups: 1, ...options });
    },
  },
  smog: { make: (options) => smog({ ...queued, predictionHead, ...options }) },
};

it('there are reference steps of every task', () => {
  expect(Object.keys(fixture.runs)).toEqual(Object.keys(subjects));
});

describe.each(Object.entries(fixture.runs))('%s', (name, runs) => {
  const { make, more, frozen } = subjects[name]!;
  it.each(runs.map((run) => [JSON.stringify(run.options), run] as const))(
    `takes three training steps as PyTorch ${fixture.meta.torch} does: %s`,
    async (_, { options, rate, start, steps }) => {
      await checkSteps({ task: make(options), rate, start, steps, ...(frozen && { frozen }) }, (step) => ({
        views: fixture.batches[step]!.map((values) =>
          tf.tensor4d(values, [values.length / (size * size * channels), size, size, channels]),
        ),
        ...more?.(),
      }));
    },
  );
});

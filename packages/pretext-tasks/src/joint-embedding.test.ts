import { createRng, isSelfsupError, type AnyPretextTask } from '@selfsup/core';
import { barlowTwinsLoss, negativeCosineSimilarity, vicregLoss } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  channels,
  descend,
  lossOf,
  projected,
  readValues,
  size,
  backbone,
  context,
  predictionPerceptron,
  projectionPerceptron,
  makeViews,
  start,
} from '../fixtures/tiny-networks.ts';
import { barlowTwins } from './barlow-twins.ts';
import { byol } from './byol.ts';
import type { ViewPairBatch } from './check-view-pair.ts';
import { simSiam } from './sim-siam.ts';
import { vicreg } from './vicreg.ts';

type Rows = [tf.Tensor2D, tf.Tensor2D];
const networks = { backbone, projectionHead: projectionPerceptron };
const predicting = { ...networks, predictionHead: predictionPerceptron };
const cases: {
  task: AnyPretextTask<ViewPairBatch>;
  parts: string[];
  /** Whether what is added to all projections leaves the loss as it is. */
  centered: boolean;
  rate: number;
  /** The loss of projections and predictions; at the start BYOL's target network is its online network. */
  expected: (projections: Rows, predictions: Rows) => tf.Scalar;
}[] = [
  {
    task: byol(predicting),
    parts: ['backbone', 'projectionHead', 'predictionHead'],
    centered: false,
    rate: 0.05,
    expected: ([a, b], predictions) => negativeCosineSimilarity(predictions, [b, a], { convention: 'byol' }),
  },
  {
    task: byol({ ...predicting, convention: 'mean' }),
    parts: ['backbone', 'projectionHead', 'predictionHead'],
    centered: false,
    rate: 0.2,
    expected: ([a, b], predictions) => negativeCosineSimilarity(predictions, [b, a]),
  },
  {
    task: simSiam(predicting),
    parts: ['backbone', 'projectionHead', 'predictionHead'],
    centered: false,
    rate: 0.2,
    expected: ([a, b], predictions) => negativeCosineSimilarity(predictions, [b, a]),
  },
  {
    task: barlowTwins({ ...networks, lambda: 0.1, scale: 0.5 }),
    parts: ['backbone', 'projectionHead'],
    centered: true,
    rate: 0.02,
    expected: ([a, b]) => barlowTwinsLoss(a, b, { lambda: 0.1, scale: 0.5 }),
  },
  {
    task: vicreg({ ...networks, covarianceWeight: 3, convention: 'summed' }),
    parts: ['backbone', 'projectionHead'],
    centered: true,
    rate: 0.001,
    expected: ([a, b]) => vicregLoss(a, b, { covarianceWeight: 3, convention: 'summed' }),
  },
];

describe.each(cases.map((example) => [example.task.name, example] as const))('%s', (name, { task, parts, centered, rate, expected }) => {
  it('is a task of contract 1 with its variables under the names of the networks, none of them twice', () => {
    const run = task.create(start);
    expect([task.api, task.name]).toEqual([1, name]);
    expect([...new Set(Object.keys(run.trainable).map((path) => path.split('/')[0]))]).toEqual(parts);
    const both = [...Object.values(run.trainable), ...Object.values(run.buffers)];
    expect(new Set(both).size).toBe(both.length);
    expect(Object.keys(run.encoders)).toEqual(name === 'byol' ? ['backbone', 'target'] : ['backbone']);
    expect(Object.keys(run.buffers)).toEqual(expect.arrayContaining(['backbone/norm/mean', 'backbone/norm/variance']));
    expect(tf.memory().numTensors).toBe(both.length);
    run.dispose();
  });

  it('computes its loss of two views, each encoded on its own, and its metric', () => {
    const run = task.create(start);
    const batch = makeViews(2);
    const [head, predictor] = [
      projectionPerceptron(createRng(0).fold('projectionHead')),
      predictionPerceptron(createRng(0).fold('predictionHead')),
    ];
    tf.tidy(() => {
      const { loss, metrics } = lossOf(run, batch);
      const z = batch.views.map((view) =>
        head.apply(run.encoders['backbone']!.apply(view, { training: true }) as tf.Tensor2D, { training: true }),
      ) as Rows;
      const p = z.map((rows) => predictor.apply(rows, { training: true })) as Rows;
      expect(loss.dataSync()[0]).toBeCloseTo(expected(z, p).dataSync()[0]!, 4);
      expect(Object.keys(metrics!)).toEqual(['zStd']);
      expect(metrics!['zStd']!.dataSync()[0]).toBeGreaterThan(0.02);
      expect(metrics!['zStd']!.dataSync()[0]).toBeLessThan(1 / Math.sqrt(projected) + 0.1);
    });
    tf.dispose([head.trainable, predictor.trainable]);
    run.dispose();
    tf.dispose(batch.views);
  });

  it('sends a gradient to every trainable variable, and descending it lowers the loss', () => {
    const run = task.create(start);
    const batch = makeViews(2);
    const losses = Array.from({ length: 8 }, (_, step) => {
      const { loss, largest } = descend(run, batch, { context: context({ step }), rate });
      for (const [path, gradient] of Object.entries(largest))
        // what is added to all projections takes no part in a correlation or a variance, but in a cosine
        if (!(centered && path === 'projectionHead/linear2/bias')) expect(gradient, path).toBeGreaterThan(1e-6);
      return loss;
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.02);
    run.dispose();
    tf.dispose(batch.views);
  });

  it('gives the same loss twice, writes only normalization statistics while training, and nothing in evaluation', () => {
    const run = task.create(start);
    const batch = makeViews(2);
    const lossAt = (training: boolean) => tf.tidy(() => lossOf(run, batch, { training }).loss.dataSync()[0]!);
    const before = readValues(run);
    expect(lossAt(false)).toBe(lossAt(false));
    expect(readValues(run)).toEqual(before);
    expect(lossAt(true)).toBe(lossAt(true));
    const after = readValues(run);
    const changed = Object.keys(before).filter((path) => before[path]!.some((x, i) => x !== after[path]![i]));
    const online = ['backbone/norm/mean', 'backbone/norm/variance'];
    expect(changed).toEqual(name === 'byol' ? [...online, ...online.map((path) => `target/${path}`)] : online);
    run.dispose();
    tf.dispose(batch.views);
  });

  it('starts from the seed: the same seed gives the same weights, another gives others', () => {
    const runs = [0, 0, 1].map((seed) => task.create({ rng: createRng(seed), totalSteps: 10 }));
    const weights = runs.map((run) => readValues(run));
    expect(weights[0]).toEqual(weights[1]);
    expect(weights[0]).not.toEqual(weights[2]);
    for (const run of runs) run.dispose();
  });

  it('says what is wrong with a batch', () => {
    const run = task.create(start);
    tf.tidy(() => {
      const images = (width: number) => tf.zeros<tf.Rank.R4>([3, size, width, channels]);
      const flat = tf.zeros([3, 4]) as unknown as tf.Tensor4D;
      const failures: [string, string, ViewPairBatch][] = [
        ['SELFSUP_BATCH', `${name}: the batch must have \`views\`, a list of exactly 2 image tensors, got undefined`, {} as ViewPairBatch],
        [
          'SELFSUP_BATCH',
          `${name}: the batch must have \`views\`, a list of exactly 2 image tensors, got 3`,
          { views: [images(4), images(4), images(4)] },
        ],
        [
          'SELFSUP_SHAPE',
          `${name}: \`views[1]\` must have shape [3, 4, 4, 2] like \`views[0]\`, got [3, 4, 5, 2]`,
          { views: [images(4), images(5)] },
        ],
        ['SELFSUP_SHAPE', `${name}: \`views[0]\` must have shape [n, height, width, channels], got [3, 4]`, { views: [flat, flat] }],
      ];
      for (const [code, message, batch] of failures)
        try {
          lossOf(run, batch);
          expect.unreachable();
        } catch (error) {
          expect((error as Error).message).toContain(message);
          expect(isSelfsupError(error) && error.code).toBe(code);
        }
    });
    run.dispose();
  });
});

import { createRng, isSelfsupError } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  backbone,
  context,
  lossOf,
  makeViews,
  predictionHead,
  predictionPerceptron,
  projected,
  projectionHead,
  readValues,
} from '../fixtures/tiny-networks.ts';
import { nnclr, type NnclrBatch, type NnclrOptions } from './nnclr.ts';

const start = (options: Partial<NnclrOptions> = {}, seed = 0) =>
  nnclr({ backbone, projectionHead, predictionHead, outputDim: projected, queueSize: 20, ...options }).create({
    rng: createRng(seed),
    totalSteps: 10,
  });
const unit = (x: tf.Tensor2D) => tf.div<tf.Tensor2D>(x, tf.norm(x, 2, 1, true));
const number = (x: tf.Tensor) => x.dataSync()[0]!;

describe('nnclr', () => {
  it('is the mean of both directions of infoNce from nearest neighbors to predictions, with its metrics', () => {
    const run = start({ temperature: 0.3 });
    const batch = makeViews(2);
    const [head, predictor] = [projectionHead(createRng(0).fold('projectionHead')), predictionHead(createRng(0).fold('predictionHead'))];
    tf.tidy(() => {
      const { loss, metrics } = lossOf(run, batch);
      const rows = run.buffers['queue']!.arraySync() as number[][];
      const sides = batch.views.map((view) => {
        const projection = head.apply(run.encoders['backbone']!.apply(view, { training: true }) as tf.Tensor2D, { training: true });
        const z = unit(projection);
        const near = z.arraySync().map((row) => {
          const distances = rows.map((other) => Math.hypot(...other.map((x, i) => x - row[i]!)));
          return rows[distances.indexOf(Math.min(...distances))]!;
        });
        return { z, neighbor: tf.tensor2d(near), prediction: predictor.apply(projection, { training: true }) };
      });
      const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
      const options = { temperature: 0.3 };
      const expected = (number(infoNce(a.neighbor, b.prediction, options)) + number(infoNce(b.neighbor, a.prediction, options))) / 2;
      expect(number(loss)).toBeCloseTo(expected, 4);
      expect(Object.keys(metrics!)).toEqual(['accuracy', 'zStd', 'neighborSimilarity', 'queueAge']);
      expect(number(metrics!['accuracy']!)).toBeCloseTo(number(keyAccuracy(a.neighbor, b.prediction)), 6);
      expect(number(metrics!['zStd']!)).toBeCloseTo(number(embeddingStd(a.z)), 5);
      expect(number(metrics!['neighborSimilarity']!)).toBeCloseTo(number(tf.mean(tf.sum(tf.mul(a.z, a.neighbor), 1))), 5);
      expect(number(metrics!['queueAge']!)).toBe(0);
      // 8 rows of one step ago, 8 of two, 4 of three
      expect(number(lossOf(run, batch, { step: 9 }).metrics!['queueAge']!)).toBeCloseTo((8 + 16 + 12) / 20, 6);
    });
    for (const part of [head, predictor, run]) part.dispose();
    tf.dispose(batch.views);
  });

  it('enqueues the first view before the rest, as the loss projects it', () => {
    const run = start();
    const batch = makeViews(2);
    tf.tidy(() => {
      expect('targets' in run).toBe(false); // one pass is enough
      const before = readValues(run);
      const embeddings = run.embed(batch, {}, context());
      const { keep } = run.loss(embeddings, {}, context());
      run.afterStep!({ targets: {}, kept: keep! }, context());
      const values = [...embeddings.projections[0]!.dataSync()];
      expect(values).toHaveLength(8 * projected);
      expect(readValues(run)['queue']).toEqual([...values, ...before['queue']!.slice(0, 12 * projected)]);
      // the very rows of the loss: now each projection is its own neighbor
      expect(number(lossOf(run, batch).metrics!['neighborSimilarity']!)).toBeCloseTo(1, 5);
    });
    run.dispose();
    tf.dispose(batch.views);
  });

  it('keeps what falls out of the queue out, and starts from the seed with unit noise', () => {
    const runs = [0, 0, 1].map((seed) => start({}, seed));
    const values = runs.map((run) => readValues(run)['queue']!);
    expect(values[0]).toEqual(values[1]);
    expect(values[0]).not.toEqual(values[2]);
    for (let row = 0; row < 20; row++) expect(Math.hypot(...values[0]!.slice(row * projected, (row + 1) * projected))).toBeCloseTo(1, 5);
    for (const run of runs) run.dispose();
  });

  it('sends a gradient to every trainable variable, and training lowers the loss', async () => {
    const heads = { projectionHead, predictionHead: predictionPerceptron };
    const task = nnclr({ backbone, ...heads, outputDim: projected, queueSize: 20 });
    const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.1 }), totalSteps: 60, seed: 0 });
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      const batch = makeViews(2);
      const { loss, withoutGradient } = await trainer.trainStep(batch);
      expect(withoutGradient).toEqual([]);
      losses.push(loss);
      tf.dispose(batch);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
    trainer.dispose();
  });

  it('says what is wrong with a batch or an option', () => {
    const run = start({ outputDim: 3, queueSize: 8 });
    const fitting = start({ queueSize: 8 });
    tf.tidy(() => {
      const images = (n: number, width = 4) => tf.zeros<tf.Rank.R4>([n, 4, width, 2]);
      const failures: [string, string, () => unknown][] = [
        ['SELFSUP_BATCH', 'nnclr: the batch must have `views`, a list of exactly 2', () => run.embed({} as NnclrBatch, {}, context())],
        ['SELFSUP_SHAPE', '`views[1]` must have shape [8, 4, 4, 2] like', () => lossOf(run, { views: [images(8), images(8, 5)] })],
        ['SELFSUP_BATCH', 'the 9 keys of a step must fit into `queueSize` 8', () => lossOf(fitting, { views: [images(9), images(9)] })],
        ['SELFSUP_OPTION', "nnclr: `outputDim` must be 5, the head's columns, got 3", () => lossOf(run, { views: [images(8), images(8)] })],
        ['SELFSUP_OPTION', 'nnclr: `temperature` must be finite and > 0, got 0', () => start({ temperature: 0 })],
        ['SELFSUP_OPTION', 'nnclr: `queueSize` must be an integer >= 1, got 0', () => start({ queueSize: 0 })],
        ['SELFSUP_OPTION', 'nnclr: `outputDim` must be an integer >= 1, got 1.5', () => start({ outputDim: 1.5 })],
      ];
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable(message);
        } catch (error) {
          expect((error as Error).message).toContain(message);
          expect(isSelfsupError(error) && error.code).toBe(code);
        }
    });
    fitting.dispose();
    run.dispose();
  });
});

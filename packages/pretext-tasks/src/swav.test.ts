import { createRng, isSelfsupError } from '@selfsup/core';
import { globalAveragePool, linear, prototypes as prototypesHead, sequential } from '@selfsup/encoders';
import { embeddingStd, prototypeEntropy, sinkhorn, swavLoss } from '@selfsup/losses';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  backbone,
  context,
  lossOf,
  makeViews,
  projected,
  projectionHead,
  projectionPerceptron,
  readValues,
} from '../fixtures/tiny-networks.ts';
import { swav, type SwavBatch, type SwavOptions } from './swav.ts';

const numPrototypes = 4;
const prototypes = prototypesHead({ inputDim: projected, numPrototypes });
const start = (options: Partial<SwavOptions> = {}) =>
  swav({ backbone, projectionHead, prototypes, ...options }).create({ rng: createRng(0), totalSteps: 10 });
type Run = ReturnType<typeof start>;
const unit = (x: tf.Tensor2D) => tf.div<tf.Tensor2D>(x, tf.norm(x, 2, 1, true));
const number = (x: tf.Tensor) => x.dataSync()[0]!;

describe('swav', () => {
  it('is swavLoss with the codes of the first two crops, which pass the networks together, and its metrics', () => {
    const run = start({ temperature: 0.2, epsilon: 0.1, iterations: 2 });
    const batch = makeViews(3);
    const head = projectionHead(createRng(0).fold('projectionHead'));
    tf.tidy(() => {
      const { loss, metrics } = lossOf(run, batch);
      const features = run.encoders['backbone']!.apply(tf.concat(batch.views, 0), { training: true }) as tf.Tensor2D;
      const z = unit(head.apply(features, { training: true }));
      const scores = tf.split<tf.Tensor2D>(tf.matMul<tf.Tensor2D>(z, run.trainable['prototypes/kernel'] as tf.Tensor), 3);
      const codes = scores.slice(0, 2).map((x) => sinkhorn(x, { epsilon: 0.1, iterations: 2 }));
      expect(number(loss)).toBeCloseTo(number(swavLoss(scores, codes, { temperature: 0.2 })), 5);
      expect(Object.keys(metrics!)).toEqual(['prototypeEntropy', 'zStd']);
      expect(number(metrics!['prototypeEntropy']!)).toBeCloseTo(number(prototypeEntropy(scores[0]!, { temperature: 0.2 })), 5);
      expect(number(metrics!['zStd']!)).toBeCloseTo(number(embeddingStd(tf.split<tf.Tensor2D>(z, 3)[0]!)), 5);
    });
    head.dispose();
    run.dispose();
    tf.dispose(batch.views);
  });

  it('takes small crops of any size and number', () => {
    const pooled = sequential<tf.Tensor4D, tf.Tensor2D>({ pool: globalAveragePool(), linear: linear({ inputDim: 2, outputDim: 6 }) });
    const run = start({ backbone: pooled });
    tf.tidy(() => {
      const crops = (sizes: number[]) => sizes.map((size, i) => tf.randomNormal<tf.Rank.R4>([5, size, size, 2], 0, 1, 'float32', i));
      for (const sizes of [
        [4, 4],
        [4, 4, 2, 2, 2, 3],
      ])
        expect(Number.isFinite(number(lossOf(run, { views: crops(sizes) }).loss))).toBe(true);
      // a crop of another size passes the backbone on its own, which without batch norm changes nothing
      const [a, b] = crops([4, 4]);
      const [small] = crops([2]);
      const value = (views: tf.Tensor4D[]) => number(lossOf(run, { views }).loss);
      expect(value([a!, b!, small!])).toBeCloseTo(value([b!, a!, small!]), 5);
    });
    run.dispose();
  });

  it('has the projections of the large crops in its queue, per crop, newest first', () => {
    const run = start({ queueSize: 20, queueStartStep: 1 });
    const batch = makeViews(3);
    tf.tidy(() => {
      expect(run.buffers['queue']!.shape).toEqual([20, 2 * projected]);
      expect('targets' in run).toBe(false); // one pass is enough
      expect(lossOf(run, batch).keep).toEqual({});
      const embeddings = run.embed(batch, {}, context({ step: 1 }));
      const keep = run.loss(embeddings, {}, context({ step: 1 })).keep!;
      const { projections } = keep;
      expect(projections!.arraySync()).toEqual(tf.concat(embeddings.projections.slice(0, 2), 1).arraySync());
      expect(projections!.shape).toEqual([8, 2 * projected]);
      for (const length of tf.norm(tf.reshape(projections!, [16, projected]), 2, 1).dataSync()) expect(length).toBeCloseTo(1, 5);
      run.afterStep!({ targets: {}, kept: keep }, context({ step: 1 }));
      expect(readValues(run)['queue']).toEqual([...projections!.dataSync(), ...Array<number>(12 * 2 * projected).fill(0)]);
    });
    run.dispose();
    tf.dispose(batch.views);
  });

  it('uses the queue in the assignment from the step at which it is full', () => {
    const run = start({ queueSize: 20, queueStartStep: 2 });
    const plain = start();
    const batch = makeViews(2);
    const rows = tf.tidy(() => unit(tf.randomNormal<tf.Rank.R2>([40, projected], 0, 1, 'float32', 7)));
    tf.tidy(() => {
      run.buffers['queue']!.assign(tf.reshape(rows, [20, 2 * projected]));
      const at = (one: Run, step: number) => number(lossOf(one, batch, { step, training: false }).loss);
      for (const step of [0, 2, 4]) expect(at(run, step)).toBe(at(plain, step)); // 8 rows a step
      expect(Math.abs(at(run, 5) - at(plain, 5))).toBeGreaterThan(1e-4);
      expect(at(run, 9)).toBe(at(run, 5));
    });
    rows.dispose();
    for (const one of [run, plain]) one.dispose();
    tf.dispose(batch.views);
  });

  it('freezes the prototypes at first and keeps them at unit length', async () => {
    const task = swav({ backbone, projectionHead, prototypes, freezePrototypesSteps: 2 });
    const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.5 }), totalSteps: 4, seed: 0 });
    const kernels = [readValues(trainer.run)['prototypes/kernel']!];
    for (let step = 0; step < 4; step++) {
      const batch = makeViews(2);
      await trainer.trainStep(batch);
      tf.dispose(batch);
      kernels.push(readValues(trainer.run)['prototypes/kernel']!);
    }
    const moved = (a: number, b: number) => Math.hypot(...kernels[a]!.map((x, i) => x - kernels[b]![i]!));
    expect(moved(0, 2)).toBeLessThan(1e-6);
    expect(moved(2, 3)).toBeGreaterThan(1e-3);
    for (let k = 0; k < numPrototypes; k++)
      expect(Math.hypot(...Array.from({ length: projected }, (_, i) => kernels[4]![i * numPrototypes + k]!))).toBeCloseTo(1, 5);
    trainer.dispose();
  });

  it('sends a gradient to every trainable variable, and training lowers the loss', async () => {
    const task = swav({ backbone, projectionHead: projectionPerceptron, prototypes, freezePrototypesSteps: 0 });
    const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.2 }), totalSteps: 40, seed: 0 });
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      const batch = makeViews(3);
      const { loss, withoutGradient } = await trainer.trainStep(batch);
      expect(withoutGradient).toEqual([]);
      losses.push(loss);
      tf.dispose(batch);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.7);
    trainer.dispose();
  });

  it('says what is wrong with a batch or an option', () => {
    const run = start({ queueSize: 7 });
    tf.tidy(() => {
      const images = (n: number, channels = 2) => tf.zeros<tf.Rank.R4>([n, 4, 4, channels]);
      const lacking = linear({ inputDim: projected, outputDim: 3 });
      const nameless = sequential<tf.Tensor2D, tf.Tensor2D>({ layer: lacking });
      const wide = linear({ inputDim: projected + 1, outputDim: 3, bias: false });
      const [unfit, unfitQueue] = [start({ prototypes: wide }), start({ prototypes: wide, queueSize: 7 })];
      const mismatch = `swav: \`prototypes\` must be for ${projected} columns, the head's, got some for ${projected + 1}`;
      const failures: [string, string, () => unknown][] = [
        ['SELFSUP_BATCH', 'a list of at least 2 image tensors, got undefined', () => lossOf(run, {} as SwavBatch)],
        ['SELFSUP_BATCH', 'a list of at least 2 image tensors, got 1', () => lossOf(run, { views: [images(3)] })],
        ['SELFSUP_SHAPE', '`views[1]` must have shape [3, 4, 4, 2] like', () => lossOf(run, { views: [images(3), images(4)] })],
        ['SELFSUP_SHAPE', '`views[1]` must have shape [3, 4, 4, 2] like', () => lossOf(run, { views: [images(3), images(3, 1)] })],
        [
          'SELFSUP_SHAPE',
          '`views[0]` must have shape [n, ',
          () => lossOf(run, { views: [tf.zeros<tf.Rank>([1]) as tf.Tensor4D, images(1)] }),
        ],
        ['SELFSUP_BATCH', 'the 8 keys of a step must fit into `queueSize` 7', () => lossOf(run, { views: [images(8), images(8)] })],
        ['SELFSUP_OPTION', mismatch, () => lossOf(unfit, { views: [images(3), images(3)] })],
        ['SELFSUP_OPTION', mismatch, () => lossOf(unfitQueue, { views: [images(3), images(3)] })],
        ['SELFSUP_OPTION', 'swav: `temperature` must be finite and > 0, got 0', () => start({ temperature: 0 })],
        ['SELFSUP_OPTION', 'swav: `epsilon` must be finite and > 0, got -1', () => start({ epsilon: -1 })],
        ['SELFSUP_OPTION', 'swav: `iterations` must be an integer >= 1, got 0', () => start({ iterations: 0 })],
        ['SELFSUP_OPTION', 'swav: `queueSize` must be an integer >= 0, got 1.5', () => start({ queueSize: 1.5 })],
        ['SELFSUP_OPTION', 'swav: `freezePrototypesSteps` must be an integer >= 0', () => start({ freezePrototypesSteps: -1 })],
        ['SELFSUP_OPTION', 'swav: `prototypes` must have a variable `kernel`', () => start({ prototypes: nameless })],
      ];
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable(message);
        } catch (error) {
          expect((error as Error).message).toContain(message);
          expect(isSelfsupError(error) && error.code).toBe(code);
        }
      unfit.dispose();
      unfitQueue.dispose();
    });
    run.dispose();
  });
});

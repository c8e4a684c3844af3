import { createRng, drawPermutation, isSelfsupError, soloCollective, type Collective } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { backbone, context, lossOf, makeViews, projected, projectionHead, readValues } from '../fixtures/tiny-networks.ts';
import { moco, type MocoBatch, type MocoOptions } from './moco.ts';

const start = (options: Partial<MocoOptions> = {}, seed = 0) =>
  moco({ backbone, projectionHead, outputDim: projected, queueSize: 20, shuffleGroups: 1, ...options }).create({
    rng: createRng(seed),
    totalSteps: 10,
  });
const unit = (x: tf.Tensor2D) => tf.div<tf.Tensor2D>(x, tf.norm(x, 2, 1, true));

describe('moco', () => {
  it('starts with equal networks and unit noise in the queue, all of it in trainable and buffers', () => {
    const run = start();
    const values = readValues(run);
    const online = [
      'backbone/linear/kernel',
      'backbone/norm/scale',
      'backbone/norm/offset',
      'projectionHead/linear/kernel',
      'projectionHead/linear/bias',
    ];
    expect(Object.keys(run.trainable)).toEqual(online);
    expect(Object.keys(run.buffers)).toEqual([
      'backbone/norm/mean',
      'backbone/norm/variance',
      ...online.slice(0, 3).map((path) => `target/${path}`),
      'target/backbone/norm/mean',
      'target/backbone/norm/variance',
      ...online.slice(3).map((path) => `target/${path}`),
      'queue',
    ]);
    for (const path of online) expect(values[`target/${path}`]).toEqual(values[path]);
    expect(run.buffers['queue']!.shape).toEqual([20, projected]);
    for (let row = 0; row < 20; row++)
      expect(Math.hypot(...values['queue']!.slice(row * projected, (row + 1) * projected))).toBeCloseTo(1, 5);
    expect(new Set(values['queue']).size).toBe(20 * projected);
    run.dispose();
  });

  it('encodes keys by the statistics of all ranks, unless they are shuffled into groups with statistics of their own', () => {
    const batch = makeViews(2);
    const views = batch.views as [tf.Tensor4D, tf.Tensor4D];
    let calls = 0;
    const collective: Collective = {
      ...soloCollective,
      worldSize: 2,
      allGatherSync: <T extends tf.Tensor>(x: T): T => {
        calls++;
        return tf.concat([x as tf.Tensor, x], 0) as T;
      },
    };
    for (const [shuffleGroups, exchanges] of [
      [1, 1],
      [2, 0],
    ] as const) {
      const run = start({ shuffleGroups });
      const at = context({ collective, synchronizeNormalization: true });
      tf.tidy(() => {
        calls = 0;
        const targets = run.targets!({ views }, at);
        expect(calls).toBe(exchanges);
        run.embed({ views }, targets, at);
        expect(calls).toBe(exchanges + 1);
      });
      run.dispose();
    }
    tf.dispose(batch.views);
  });

  it('is infoNce of the queries, the target keys and the queue as it was, with its metrics', () => {
    const run = start({ preset: 'v1' });
    const batch = makeViews(2);
    const head = projectionHead(createRng(0).fold('projectionHead'));
    tf.tidy(() => {
      const { loss, metrics } = lossOf(run, batch);
      // target and online are equal at the start
      const [q, k] = batch.views.map((view) =>
        unit(head.apply(run.encoders['backbone']!.apply(view, { training: true }) as tf.Tensor2D, { training: true })),
      );
      const queue = run.buffers['queue']! as tf.Tensor as tf.Tensor2D;
      expect(loss.dataSync()[0]).toBeCloseTo(infoNce(q!, k!, { temperature: 0.07, queue }).dataSync()[0]!, 4);
      expect(Object.keys(metrics!)).toEqual(['accuracy', 'zStd', 'queueAge']);
      expect(metrics!['accuracy']!.dataSync()[0]).toBeCloseTo(keyAccuracy(q!, k!, { queue }).dataSync()[0]!, 6);
      expect(metrics!['zStd']!.dataSync()[0]).toBeCloseTo(embeddingStd(q!).dataSync()[0]!, 5);
      expect(metrics!['queueAge']!.dataSync()[0]).toBe(0);
      // 8 keys of one step ago, 8 of two, 4 of three
      expect(lossOf(run, batch, { step: 9 }).metrics!['queueAge']!.dataSync()[0]).toBeCloseTo((8 + 16 + 12) / 20, 6);
    });
    head.dispose();
    run.dispose();
    tf.dispose(batch.views);
  });

  it('adds both directions with symmetric, or averages them', () => {
    const batch = makeViews(2);
    const swapped = { views: [...batch.views].reverse() };
    const [one, both, mean] = [start(), start({ symmetric: true }), start({ symmetric: true, convention: 'mean' })];
    tf.tidy(() => {
      const value = (run: typeof one, given: MocoBatch) => lossOf(run, given).loss.dataSync()[0]!;
      const sum = value(one, batch) + value(one, swapped);
      expect(value(both, batch)).toBeCloseTo(sum, 4);
      expect(value(mean, batch)).toBeCloseTo(sum / 2, 4);
    });
    for (const run of [one, both, mean]) run.dispose();
    tf.dispose(batch.views);
  });

  it('encodes shuffled groups of keys with statistics of their own', () => {
    const run = start({ shuffleGroups: 3 });
    const batch = makeViews(2);
    const [twin, head] = [backbone(createRng(0).fold('backbone')), projectionHead(createRng(0).fold('projectionHead'))];
    tf.tidy(() => {
      const keys = run.targets!(batch, context()).keys[0]!;
      const order = drawPermutation(context().stream('keys of query 0').fold('shuffle'), 8);
      expect([...order]).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      const encode = (images: tf.Tensor4D) => unit(head.apply(twin.apply(images, { training: true }), { training: true }));
      for (const [from, to] of [
        [0, 2],
        [2, 5],
        [5, 8],
      ] as const) {
        const group = [...order.slice(from, to)];
        const expected = encode(tf.gather(batch.views[1]!, group));
        expect(tf.max(tf.abs(tf.sub(tf.gather(keys, group), expected))).dataSync()[0]).toBeLessThan(1e-5);
      }
      expect(tf.max(tf.abs(tf.sub(keys, encode(batch.views[1]!)))).dataSync()[0]).toBeGreaterThan(0.05);
    });
    for (const module of [run, twin, head]) module.dispose();
    tf.dispose(batch.views);
  });

  it('moves the target by momentum and puts all keys before the rest of the queue', () => {
    const run = start({ momentum: (step) => step / 10, symmetric: true, queueSize: 37 });
    const batch = makeViews(2);
    tf.tidy(() => {
      const ctx = context({ step: 2 });
      const targets = run.targets!(batch, ctx);
      expect(targets.keys.map(({ shape }) => shape)).toEqual([
        [8, projected],
        [8, projected],
      ]);
      const before = readValues(run);
      const kernel = run.trainable['backbone/linear/kernel']!;
      kernel.assign(tf.add(kernel, 1));
      run.afterStep!({ targets, kept: {} }, ctx);
      const after = readValues(run);
      const keys = targets.keys.flatMap((key) => [...key.dataSync()]); // of the second view, then of the first
      expect(after['queue']).toEqual([...keys, ...before['queue']!.slice(0, 21 * projected)]);
      const path = 'target/backbone/linear/kernel';
      after[path]!.forEach((x, i) => {
        expect(x).toBeCloseTo(before[path]![i]! + 0.7, 5); // momentum of step 3
      });
      expect(after['target/backbone/norm/mean']).toEqual(before['target/backbone/norm/mean']);
    });
    run.dispose();
    tf.dispose(batch.views);
  });

  it('sends a gradient to every trainable variable and none to the target, and training lowers the loss', async () => {
    const task = moco({ backbone, projectionHead, outputDim: projected, queueSize: 20, shuffleGroups: 2, momentum: 0.9, symmetric: true });
    const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.1 }), totalSteps: 30, seed: 0 });
    const losses: number[] = [];
    for (let step = 0; step < 30; step++) {
      const batch = makeViews(2);
      const { loss, withoutGradient } = await trainer.trainStep(batch);
      expect(withoutGradient).toEqual([]);
      losses.push(loss);
      tf.dispose(batch);
    }
    // the queue fills with keys of these very images, so the loss is compared with that of the full queue
    expect(losses.at(-1)).toBeLessThan(Math.max(...losses.slice(0, 10)) - 0.3);
    trainer.dispose();
  });

  it('gives the same loss twice, writes only normalization statistics while training, and nothing in evaluation', () => {
    const run = start({ shuffleGroups: 2 });
    const batch = makeViews(2);
    const lossAt = (training: boolean) => tf.tidy(() => lossOf(run, batch, { training }).loss.dataSync()[0]!);
    const before = readValues(run);
    expect(lossAt(false)).toBe(lossAt(false));
    expect(readValues(run)).toEqual(before);
    expect(lossAt(true)).toBe(lossAt(true));
    const after = readValues(run);
    const changed = Object.keys(before).filter((path) => before[path]!.some((x, i) => x !== after[path]![i]));
    expect(changed.every((path) => path.includes('norm/mean') || path.includes('norm/variance'))).toBe(true);
    expect(changed).toHaveLength(4);
    run.dispose();
    tf.dispose(batch.views);
  });

  it('starts from the seed', () => {
    const runs = [0, 0, 1].map((seed) => start({}, seed));
    const values = runs.map((run) => readValues(run));
    expect(values[0]).toEqual(values[1]);
    expect(values[0]!['queue']).not.toEqual(values[2]!['queue']);
    for (const run of runs) run.dispose();
  });

  it('says what is wrong with a batch or an option', () => {
    const run = start({ shuffleGroups: 4, outputDim: 3 });
    const fitting = start();
    tf.tidy(() => {
      const images = (n: number, width = 4) => tf.zeros<tf.Rank.R4>([n, 4, width, 2]);
      const failures: [string, string, () => unknown][] = [
        ['SELFSUP_BATCH', 'exactly 2 image tensors, got undefined', () => run.targets!({} as MocoBatch, context())],
        ['SELFSUP_BATCH', 'exactly 2 image tensors, got 3', () => run.targets!({ views: [images(8), images(8), images(8)] }, context())],
        [
          'SELFSUP_SHAPE',
          '`views[1]` must have shape [8, 4, 4, 2] like',
          () => run.targets!({ views: [images(8), images(8, 5)] }, context()),
        ],
        [
          'SELFSUP_SHAPE',
          '`views[0]` must have shape [n, ',
          () => run.targets!({ views: [tf.zeros([1]), tf.zeros([1])] } as unknown as MocoBatch, context()),
        ],
        [
          'SELFSUP_BATCH',
          'at least 8 images for 4 shuffled groups, got 7',
          () => run.targets!({ views: [images(7), images(7)] }, context()),
        ],
        ['SELFSUP_BATCH', 'the 21 keys of a step must fit into `queueSize` 20', () => lossOf(fitting, { views: [images(21), images(21)] })],
        [
          'SELFSUP_OPTION',
          "`outputDim` must be 5, the head's columns, got 3",
          () => run.targets!({ views: [images(8), images(8)] }, context()),
        ],
        ['SELFSUP_OPTION', 'moco: `temperature` must be finite and > 0, got 0', () => start({ temperature: 0 })],
        ['SELFSUP_OPTION', 'moco: `momentum` must be in [0, 1], got 2', () => start({ momentum: 2 })],
        ['SELFSUP_OPTION', 'moco: `queueSize` must be an integer >= 1, got 0.5', () => start({ queueSize: 0.5 })],
        ['SELFSUP_OPTION', "moco: `preset` must be 'v1' or 'v2', got v3", () => start({ preset: 'v3' as 'v2' })],
        ['SELFSUP_OPTION', "moco: `convention` must be 'mean' or", () => start({ convention: 'sum' as 'mean' })],
      ];
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect((error as Error).message).toContain(message);
          expect(isSelfsupError(error) && error.code).toBe(code);
        }
    });
    fitting.dispose();
    run.dispose();
  });
});

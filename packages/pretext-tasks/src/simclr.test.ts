import {
  batchNormTraining,
  createRng,
  createStepContext,
  drawNormal,
  isSelfsupError,
  type Module,
  type ModuleFactory,
  type Rng,
  type StepContextOptions,
} from '@selfsup/core';
import { ntXent } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { simclr, type SimclrBatch } from './simclr.ts';

const [size, channels, features, projected] = [4, 2, 6, 5];
const normal = (rng: Rng, shape: number[]) => tf.tensor(drawNormal(rng, tf.util.sizeFromShape(shape)), shape);
const variable = (rng: Rng, shape: number[], trainable = true) => {
  const initial = normal(rng, shape);
  const result = tf.variable(initial, trainable);
  initial.dispose();
  return result;
};

/** Pixels → linear → batch norm with running statistics → ReLU. */
const backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D> = (rng) => {
  const kernel = variable(rng.fold('kernel'), [size * size * channels, features]);
  const [scale, offset] = [variable(rng.fold('scale'), [features]), variable(rng.fold('offset'), [features])];
  const mean = variable(rng.fold('mean'), [features], false);
  return {
    trainable: { kernel, 'norm/scale': scale, 'norm/offset': offset },
    buffers: { 'norm/mean': mean },
    apply: (images, { training }) =>
      tf.tidy(() => {
        const x = tf.matMul(tf.reshape(images, [images.shape[0], -1]), kernel); // [n, features]
        if (!training) return tf.relu<tf.Tensor2D>(tf.add(tf.mul(tf.sub(x, mean), scale), offset));
        const normalized = batchNormTraining(x, { scale, offset });
        mean.assign(tf.add(tf.mul(mean, 0.9), tf.mul(normalized.mean, 0.1)));
        return tf.relu<tf.Tensor2D>(normalized.y as tf.Tensor2D);
      }),
    dispose: () => {
      tf.dispose([kernel, scale, offset, mean]);
    },
  };
};
const projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D> = (rng) => {
  const [kernel, bias] = [variable(rng.fold('kernel'), [features, projected]), variable(rng.fold('bias'), [projected])];
  return {
    trainable: { kernel, bias },
    buffers: {},
    apply: (x) => tf.tidy(() => tf.add<tf.Tensor2D>(tf.matMul(x, kernel), bias)),
    dispose: () => {
      tf.dispose([kernel, bias]);
    },
  };
};

const context = (overrides: Partial<StepContextOptions> = {}) =>
  createStepContext({ rng: createRng(0), totalSteps: 10, step: 0, ...overrides });
const makeViews = (count: number, n = 8): SimclrBatch => ({
  views: Array.from({ length: count }, (_, v) =>
    tf.tidy(() => {
      const image = normal(createRng(1).fold('images'), [n, size, size, channels]);
      return tf.add<tf.Tensor4D>(image, tf.mul(normal(createRng(1).fold('noise').fold(v), [n, size, size, channels]), 0.3));
    }),
  ),
});
const read = (run: Pick<Module, 'trainable' | 'buffers'>) =>
  Object.fromEntries(Object.entries({ ...run.trainable, ...run.buffers }).map(([path, v]) => [path, [...v.dataSync()]]));
const task = simclr({ backbone, projectionHead, temperature: 0.2 });
const lossOf = (run: ReturnType<typeof task.create>, batch: SimclrBatch, overrides: Partial<StepContextOptions> = {}) =>
  run.loss(run.embed(batch, {}, context(overrides)), {}, context(overrides));

describe('simclr', () => {
  it('is a task of contract 1 with its variables under the names of the networks', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    expect([task.api, task.name]).toEqual([1, 'simclr']);
    expect(Object.keys(run.trainable)).toEqual([
      'backbone/kernel',
      'backbone/norm/scale',
      'backbone/norm/offset',
      'projectionHead/kernel',
      'projectionHead/bias',
    ]);
    expect(Object.keys(run.buffers)).toEqual(['backbone/norm/mean']);
    run.dispose();
  });

  it.each([2, 3])('computes ntXent of the projections of %d views, each encoded on its own, and its metrics', (count) => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    const batch = makeViews(count);
    const [head, apply] = [projectionHead(createRng(0).fold('projectionHead')), { training: true }];
    tf.tidy(() => {
      const { loss, metrics } = lossOf(run, batch);
      const z = batch.views.map((view) => head.apply(run.encoders['backbone']!.apply(view, apply) as tf.Tensor2D, apply));
      expect(loss.dataSync()[0]).toBeCloseTo(ntXent(z, { temperature: 0.2 }).dataSync()[0]!, 5);
      expect(Object.keys(metrics!)).toEqual(['accuracy', 'zStd']);
      expect(metrics!['accuracy']!.dataSync()[0]).toBeGreaterThan(0.3);
      expect(metrics!['zStd']!.dataSync()[0]).toBeGreaterThan(0.1);
      expect(metrics!['zStd']!.dataSync()[0]).toBeLessThan(1 / Math.sqrt(projected) + 0.1);
    });
    head.dispose();
    run.dispose();
    tf.dispose(batch.views as tf.Tensor[]);
  });

  it('sends a gradient to every trainable variable, and descending it lowers the loss', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    const batch = makeViews(2);
    const losses = Array.from({ length: 6 }, (_, step) => {
      const { value, grads } = tf.variableGrads(() => lossOf(run, batch, { step }).loss, Object.values(run.trainable));
      for (const [path, v] of Object.entries(run.trainable)) {
        const largest = tf.tidy(() => tf.max(tf.abs(grads[v.name]!)).dataSync()[0]!);
        expect(largest, path).toBeGreaterThan(1e-6);
        tf.tidy(() => {
          v.assign(tf.sub(v, tf.mul(grads[v.name]!, 0.05)));
        });
      }
      const loss = value.dataSync()[0]!;
      tf.dispose([value, grads]);
      return loss;
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.05);
    run.dispose();
    tf.dispose(batch.views as tf.Tensor[]);
  });

  it('gives the same loss twice, writes only normalization statistics while training, and nothing in evaluation', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    const batch = makeViews(2);
    const lossAt = (training: boolean) => tf.tidy(() => lossOf(run, batch, { training }).loss.dataSync()[0]!);
    const before = read(run);
    expect(lossAt(false)).toBe(lossAt(false));
    expect(read(run)).toEqual(before);
    expect(lossAt(true)).toBe(lossAt(true));
    const after = read(run);
    const changed = Object.keys(before).filter((path) => before[path]!.some((x, i) => x !== after[path]![i]));
    expect(changed).toEqual(['backbone/norm/mean']);
    run.dispose();
    tf.dispose(batch.views as tf.Tensor[]);
  });

  it('starts from the seed: the same seed gives the same weights, another gives others', () => {
    const runs = [0, 0, 1].map((seed) => task.create({ rng: createRng(seed), totalSteps: 10 }));
    const weights = runs.map((run) => read(run));
    expect(weights[0]).toEqual(weights[1]);
    expect(weights[0]).not.toEqual(weights[2]);
    for (const run of runs) run.dispose();
  });

  it('leaves the loss and the metrics behind and nothing else', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    const batch = makeViews(2);
    const results = tf.tidy(() => {
      const { loss, metrics } = lossOf(run, batch);
      return [loss, ...Object.values(metrics!)];
    });
    const before = tf.memory().numTensors;
    tf.dispose(results);
    expect(tf.memory().numTensors).toBe(before - 3);
    run.dispose();
    tf.dispose(batch.views as tf.Tensor[]);
  });

  it('says what is wrong with a batch or an option', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    tf.tidy(() => {
      const images = (width: number) => tf.zeros<tf.Rank.R4>([3, size, width, channels]);
      const failures: [string, string, () => unknown][] = [
        ['SELFSUP_BATCH', 'at least 2 image tensors, got undefined', () => run.embed({} as SimclrBatch, {}, context())],
        ['SELFSUP_BATCH', 'at least 2 image tensors, got 1', () => run.embed({ views: [images(4)] }, {}, context())],
        [
          'SELFSUP_SHAPE',
          'simclr: `views[1]` must have shape [3, 4, 4, 2] like `views[0]`, got [3, 4, 5, 2]',
          () => run.embed({ views: [images(4), images(5)] }, {}, context()),
        ],
        [
          'SELFSUP_SHAPE',
          'simclr: `views[0]` must have shape [n, height, width, channels], got [3, 4]',
          () => run.embed({ views: [tf.zeros([3, 4]), tf.zeros([3, 4])] as unknown as tf.Tensor4D[] }, {}, context()),
        ],
        [
          'SELFSUP_OPTION',
          'simclr: `temperature` must be finite and > 0, got 0',
          () => simclr({ backbone, projectionHead, temperature: 0 }),
        ],
      ];
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect(isSelfsupError(error) && error.code).toBe(code);
          expect((error as Error).message).toContain(message);
        }
    });
    run.dispose();
  });
});

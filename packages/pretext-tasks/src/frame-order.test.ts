import { readFileSync } from 'node:fs';
import { createRng, createStepContext } from '@selfsup/core';
import { conv2d, globalAveragePool, linear, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { frameOrder, frameOrders, type FrameOrderBatch } from './frame-order.ts';

interface Fixture {
  rate: number;
  shape: [number, number, number, number, number];
  orders: number[][];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  batches: { shuffled: number[]; labels: number[] }[];
  steps: { loss: number; accuracy: number; weights: Readonly<Record<string, number[]>> }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/frame-order.json', import.meta.url), 'utf8')) as Fixture;
const [, , inChannels, filters] = fixture.start['backbone/conv/kernel']!.shape as [number, number, number, number];
const [inputDim, outputDim] = fixture.start['head/kernel']!.shape as [number, number];
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  conv: conv2d({ inChannels, filters, kernelSize: 3, stride: 2 }),
  relu: stateless((x: tf.Tensor4D) => tf.relu(x)),
  pool: globalAveragePool(),
});
const head = linear({ inputDim, outputDim });
const contextAt = (step: number) => createStepContext({ rng: createRng(0), totalSteps: 3, step });

/** The largest error of a list by its largest value. */
const relativeError = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / Math.max(...expected.map(Math.abs));

describe('frameOrders', () => {
  it('has one class for an order and its reverse, in the order of itertools', () => {
    expect(frameOrders()).toEqual(fixture.orders);
    expect(frameOrders({ numFrames: 3 })).toEqual([
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
    ]);
    const distinct = frameOrders({ reversed: 'distinct' });
    expect(new Set(distinct.map((order) => order.join())).size).toBe(24);
    expect([distinct[0], distinct[23]]).toEqual([
      [0, 1, 2, 3],
      [3, 2, 1, 0],
    ]);
  });

  it('refuses what is out of range', () => {
    expect(() => frameOrders({ numFrames: 2 })).toThrow('`numFrames` must be an integer from 3 to 6, got 2');
    expect(() => frameOrders({ reversed: 'no' as 'merged' })).toThrow('`reversed` must be merged or distinct, got no');
  });
});

describe('frameOrder', () => {
  it('takes three steps of SGD as PyTorch does', () => {
    const run = frameOrder({ backbone, head }).create({ rng: createRng(0), totalSteps: 3 });
    expect(Object.keys(run.trainable).sort()).toEqual(Object.keys(fixture.start).sort());
    tf.tidy(() => {
      for (const [path, { shape, values }] of Object.entries(fixture.start)) run.trainable[path]!.assign(tf.tensor(values, shape));
    });
    fixture.steps.forEach((expected, step) => {
      tf.tidy(() => {
        const batch = {} as FrameOrderBatch; // the loss sees the targets only
        const { shuffled, labels } = fixture.batches[step]!;
        const targets = { shuffled: tf.tensor5d(shuffled, fixture.shape), labels: tf.tensor1d(labels, 'int32') };
        const { value, grads } = tf.variableGrads(() => run.loss(batch, targets, contextAt(step)).loss, Object.values(run.trainable));
        expect(relativeError(value.dataSync(), [expected.loss])).toBeLessThan(1e-5);
        expect(run.loss(batch, targets, contextAt(step)).metrics!['accuracy']!.dataSync()[0]).toBeCloseTo(expected.accuracy, 6);
        for (const [path, variable] of Object.entries(run.trainable)) {
          variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, fixture.rate)));
          expect(relativeError(variable.dataSync(), expected.weights[path]!), path).toBeLessThan(1e-5);
        }
      });
    });
    run.dispose();
  });

  it.each(['merged', 'distinct'] as const)('shows the frames in the order that the label names, reversed orders %s', (reversed) => {
    const run = frameOrder({ backbone, head, reversed }).create({ rng: createRng(0), totalSteps: 3 });
    const orders = frameOrders({ reversed });
    tf.tidy(() => {
      // the pixels of a frame are its number
      const frames = tf.tile<tf.Tensor5D>(tf.reshape(tf.range(0, 4), [1, 4, 1, 1, 1]), [400, 1, 2, 2, 1]);
      const { shuffled, labels } = run.targets!({ frames }, contextAt(1));
      const shown = shuffled.arraySync().map((clip) => clip.map((frame) => frame[1]![0]![0]!));
      const seen = new Set(shown.map((order) => order.join()));
      expect(seen.size).toBe(24);
      labels.dataSync().forEach((label, i) => {
        const canonical = reversed === 'merged' && shown[i]![0]! > shown[i]![3]! ? [...shown[i]!].reverse() : shown[i];
        expect(canonical).toEqual(orders[label]);
      });
      expect(run.targets!({ frames }, contextAt(1)).labels.dataSync()).toEqual(labels.dataSync());
      expect(run.targets!({ frames }, contextAt(2)).labels.dataSync()).not.toEqual(labels.dataSync());
    });
    run.dispose();
  });

  it('says what is wrong with a batch', () => {
    const run = frameOrder({ backbone, head, numFrames: 3 }).create({ rng: createRng(0), totalSteps: 1 });
    tf.tidy(() => {
      expect(() => run.targets!({} as FrameOrderBatch, contextAt(0))).toThrow('frame-order: the batch must have `frames`, got undefined');
      expect(() => run.targets!({ frames: tf.zeros([1, 4, 5, 5, 2]) }, contextAt(0))).toThrow(
        '`frames` must have shape [n, 3, height, width, channels], got [1, 4, 5, 5, 2]',
      );
    });
    run.dispose();
  });
});

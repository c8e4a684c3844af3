import { readFileSync } from 'node:fs';
import { patchPairs } from '@selfsup/augment';
import { createRng, createStepContext, type ModuleFactory } from '@selfsup/core';
import { linear } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { relativePatch, type RelativePatchBatch } from './relative-patch.ts';

interface Fixture {
  rate: number;
  shape: [number, number, number, number, number];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  batches: { patches: number[]; labels: number[] }[];
  steps: { loss: number; accuracy: number; weights: Readonly<Record<string, number[]>> }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/relative-patch.json', import.meta.url), 'utf8')) as Fixture;
const kernelShape = fixture.start['backbone/kernel']!.shape as [number, number, number, number];
const [inputDim, outputDim] = fixture.start['head/kernel']!.shape as [number, number];

/** Convolution of stride 2 → ReLU → mean over the places. */
const backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D> = () => {
  const initial = tf.randomNormal(kernelShape, 0, 1, 'float32', 1);
  const kernel = tf.variable(initial);
  initial.dispose();
  return {
    trainable: { kernel },
    buffers: {},
    apply: (images) =>
      tf.tidy(() => tf.mean<tf.Tensor2D>(tf.relu(tf.conv2d(images, kernel as unknown as tf.Tensor4D, 2, 'valid')), [1, 2])),
    dispose: () => {
      kernel.dispose();
    },
  };
};
const pairing = patchPairs({ size: 5, gap: 2, jitter: 1 });
const task = relativePatch({ backbone, head: linear({ inputDim, outputDim }), pairing });
const contextAt = (step: number) => createStepContext({ rng: createRng(0), totalSteps: 3, step });

/** The largest error of a list by its largest value. */
const relativeError = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / Math.max(...expected.map(Math.abs));

describe('relativePatch', () => {
  it('takes three steps of SGD as PyTorch does', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 3 });
    expect(Object.keys(run.trainable).sort()).toEqual(Object.keys(fixture.start).sort());
    tf.tidy(() => {
      for (const [path, { shape, values }] of Object.entries(fixture.start)) run.trainable[path]!.assign(tf.tensor(values, shape));
    });
    fixture.steps.forEach((expected, step) => {
      tf.tidy(() => {
        const batch = {} as RelativePatchBatch; // the loss sees the targets only
        const { patches, labels } = fixture.batches[step]!;
        const [first, second] = tf.unstack(tf.tensor5d(patches, fixture.shape), 1) as [tf.Tensor4D, tf.Tensor4D];
        const targets = { first, second, labels: tf.tensor1d(labels, 'int32') };
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

  it('cuts the pairs of each step by a stream of its own', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 3 });
    tf.tidy(() => {
      const images = tf.randomUniform<tf.Rank.R4>([20, 21, 21, 2], 0, 1, 'float32', 1);
      const at = (step: number) => run.targets!({ images }, contextAt(step));
      const expected = pairing(images, contextAt(1).stream('pairing'));
      for (const name of ['first', 'second', 'labels'] as const) {
        expect(at(1)[name].dataSync()).toEqual(expected[name].dataSync());
        expect(at(2)[name].dataSync()).not.toEqual(expected[name].dataSync());
      }
      expect(() => run.targets!({} as RelativePatchBatch, contextAt(0))).toThrow(
        'relative-patch: the batch must have `images`, got undefined',
      );
    });
    run.dispose();
  });
});

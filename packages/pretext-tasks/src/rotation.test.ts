import { readFileSync } from 'node:fs';
import { createRng, createStepContext, isSelfsupError, type ModuleFactory } from '@selfsup/core';
import { rotations } from '@selfsup/augment';
import { linear } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { rotation, type RotationBatch } from './rotation.ts';

interface Fixture {
  rate: number;
  shape: [number, number, number, number];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  images: number[][];
  steps: { loss: number; accuracy: number; weights: Readonly<Record<string, number[]>> }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/rotation.json', import.meta.url), 'utf8')) as Fixture;
const kernelShape = fixture.start['backbone/kernel']!.shape as [number, number, number, number];
const width = kernelShape[3];

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
const task = rotation({ backbone, head: linear({ inputDim: width, outputDim: 4 }) });
const create = () => task.create({ rng: createRng(0), totalSteps: 3 });
const contextAt = (step: number) => createStepContext({ rng: createRng(0), totalSteps: 3, step });
const batchAt = (step: number): RotationBatch => ({ images: tf.tensor4d(fixture.images[step]!, fixture.shape) });

/** The largest error of a list by its largest value. */
const relativeError = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / Math.max(...expected.map(Math.abs));

describe('rotation', () => {
  it('takes three steps of SGD as PyTorch does', () => {
    const run = create();
    expect(Object.keys(run.trainable).sort()).toEqual(Object.keys(fixture.start).sort());
    tf.tidy(() => {
      for (const [path, { shape, values }] of Object.entries(fixture.start)) run.trainable[path]!.assign(tf.tensor(values, shape));
    });
    fixture.steps.forEach((expected, step) => {
      tf.tidy(() => {
        const batch = batchAt(step);
        const targets = run.targets!(batch, contextAt(step));
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

  it('turns images as `rotations` of @selfsup/augment', () => {
    const run = create();
    tf.tidy(() => {
      const batch = batchAt(0);
      const { rotated, labels } = run.targets!(batch, contextAt(0));
      const expected = rotations(batch.images);
      expect(rotated.dataSync()).toEqual(expected.images.dataSync());
      expect(labels.dataSync()).toEqual(expected.labels.dataSync());
    });
    run.dispose();
  });

  it('learns which way up a gradient of light is', () => {
    const run = create();
    tf.tidy(() => {
      const ramp = tf.tile(tf.reshape<tf.Rank.R4>(tf.linspace(-1, 1, 7), [1, 7, 1, 1]), [2, 1, 7, 2]);
      const targets = run.targets!({ images: ramp }, contextAt(0));
      for (let step = 0; step < 60; step++)
        tf.tidy(() => {
          const { grads } = tf.variableGrads(() => run.loss({ images: ramp }, targets, contextAt(step)).loss, Object.values(run.trainable));
          for (const variable of Object.values(run.trainable)) variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.3)));
        });
      const { metrics } = run.loss({ images: ramp }, targets, contextAt(60));
      expect(metrics!['accuracy']!.dataSync()[0]).toBe(1);
    });
    run.dispose();
  });

  it('says what is wrong with a batch', () => {
    const run = create();
    tf.tidy(() => {
      const failures: [string, string, RotationBatch][] = [
        ['SELFSUP_BATCH', 'rotation: the batch must have `images`, got undefined', {} as RotationBatch],
        ['SELFSUP_SHAPE', 'must have shape [n, side, side, channels], got [1, 4, 5, 2]', { images: tf.zeros([1, 4, 5, 2]) }],
      ];
      for (const [code, message, batch] of failures)
        try {
          run.targets!(batch, contextAt(0));
          expect.unreachable();
        } catch (error) {
          expect(isSelfsupError(error) && error.code).toBe(code);
          expect((error as Error).message).toContain(message);
        }
    });
    run.dispose();
  });
});

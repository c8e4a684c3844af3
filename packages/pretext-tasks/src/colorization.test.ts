import { readFileSync } from 'node:fs';
import { colorCodes, colorWeights } from '@selfsup/augment';
import { createRng, createStepContext } from '@selfsup/core';
import { colorizationHead, conv2d, globalAveragePool, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { descend } from '../fixtures/tiny-networks.ts';
import { colorization, type ColorizationBatch } from './colorization.ts';

interface Fixture {
  rate: number;
  gridStep: number;
  sigma: number;
  outputSize: number;
  shape: [number, number, number, number];
  colorWeights: number[];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  batches: number[][];
  steps: { loss: number; accuracy: number; weights: Readonly<Record<string, number[]>> }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/colorization.json', import.meta.url), 'utf8')) as Fixture;
const { gridStep, sigma, outputSize } = fixture;
const [filters, width] = [fixture.start['backbone/conv/kernel']!.shape[3]!, fixture.start['head/conv1/kernel']!.shape[2]!];
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  conv: conv2d({ inChannels: 3, filters, kernelSize: 3, stride: 2 }),
  relu: stateless((x: tf.Tensor4D) => tf.relu(x)),
  pool: globalAveragePool(),
});
const coding = colorCodes({ outputSize, gridStep, sigma, weights: fixture.colorWeights });
const head = colorizationHead({ inputDim: filters, outputSize, numBins: coding.bins.length, width });
const create = () => colorization({ backbone, head, coding }).create({ rng: createRng(0), totalSteps: 3 });
const contextAt = (step: number) => createStepContext({ rng: createRng(0), totalSteps: 3, step });
const batchAt = (step: number): ColorizationBatch => ({ images: tf.tensor4d(fixture.batches[step]!, fixture.shape) });

/** The largest error of a list by its largest value. */
const relativeError = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / Math.max(...expected.map(Math.abs));

describe('colorization', () => {
  it('takes three steps of SGD as PyTorch does, from the images on', () => {
    const run = create();
    expect(Object.keys(run.trainable).sort()).toEqual(Object.keys(fixture.start).sort());
    tf.tidy(() => {
      for (const [path, { shape, values }] of Object.entries(fixture.start)) run.trainable[path]!.assign(tf.tensor(values, shape));
    });
    fixture.steps.forEach((expected, step) => {
      tf.tidy(() => {
        const { loss, metrics } = descend(run, batchAt(step), { context: contextAt(step), rate: fixture.rate });
        expect(relativeError([loss], [expected.loss])).toBeLessThan(1e-5);
        expect(metrics['accuracy']).toBeCloseTo(expected.accuracy, 6);
        for (const [path, variable] of Object.entries(run.trainable))
          expect(relativeError(variable.dataSync(), expected.weights[path]!), path).toBeLessThan(1e-5);
      });
    });
    run.dispose();
  });

  it('weighs the colors as numpy does', async () => {
    const { images } = batchAt(0);
    const weights = await colorWeights([images], { coding, sigma });
    expect(relativeError(weights, fixture.colorWeights)).toBeLessThan(1e-5);
    images.dispose();
  });

  it('shows the encoder no color', () => {
    const run = create();
    tf.tidy(() => {
      const { images } = batchAt(0);
      const { lightness } = run.targets!({ images }, contextAt(0));
      const [r, g, b] = tf.unstack(lightness, 3).map((channel) => [...channel.dataSync()]);
      expect([r, r]).toEqual([g, b]);
      expect(Math.max(...r!)).toBeLessThanOrEqual(1);
    });
    run.dispose();
  });

  it('learns that light is red and dark is blue', () => {
    const wide = colorizationHead({ inputDim: filters, outputSize, numBins: coding.bins.length, width: 16 });
    const plain = colorCodes({ outputSize, gridStep });
    const run = colorization({ backbone, head: wide, coding: plain }).create({ rng: createRng(0), totalSteps: 3 });
    tf.tidy(() => {
      const image = (...[r, g, b]: [number, number, number]) => tf.mul<tf.Tensor3D>(tf.ones([8, 8, 3]), tf.tensor1d([r, g, b]));
      const images = tf.stack([image(1, 0.6, 0.6), image(0, 0, 0.5)]) as tf.Tensor4D;
      const { loss: before } = descend(run, { images }, { context: contextAt(0), rate: 0.1 });
      for (let step = 0; step < 100; step++) descend(run, { images }, { context: contextAt(0), rate: 0.5 });
      const { loss, metrics } = descend(run, { images }, { context: contextAt(0), rate: 0 });
      expect(loss).toBeLessThan(before);
      expect(metrics['accuracy']).toBe(1);
    });
    run.dispose();
  });

  it('says what is wrong', () => {
    const other = colorizationHead({ inputDim: filters, outputSize: 1, numBins: coding.bins.length });
    const run = colorization({ backbone, head: other, coding }).create({ rng: createRng(0), totalSteps: 1 });
    tf.tidy(() => {
      expect(() => run.targets!({} as ColorizationBatch, contextAt(0))).toThrow(
        'colorization: the batch must have `images`, got undefined',
      );
      const targets = run.targets!(batchAt(0), contextAt(0));
      expect(() => run.loss(batchAt(0), targets, contextAt(0))).toThrow(
        '`head` must give logits of 12 places and 40 bins as `coding` has them, got [3, 1, 1, 40]',
      );
    });
    run.dispose();
  });
});

import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { chooseLearningRate, type ChooseLearningRateOptions, type LearningRateTrial } from './choose-learning-rate.ts';
import type { LabeledExamples } from './labeled-examples.ts';

type Input = { x: tf.Tensor2D };
const COUNT = 20;
const values = drawNormal(createRng(1), 2 * COUNT);
const labels = Array.from({ length: COUNT }, (_, i) => (i < 15 ? 0 : 1));
const reads: number[][] = [];
/** The class is the sign of the first column. */
const train: LabeledExamples<Input> = {
  labels,
  numClasses: 2,
  read(indices) {
    reads.push([...indices]);
    const rows = Array.from(indices, (i) => [(labels[i] === 1 ? 1 : -1) * (1 + Math.abs(values[2 * i]!)), values[2 * i + 1]!]);
    return { x: tf.tensor2d(rows) };
  },
};
let alive = 0;
const makeEncoder = () => {
  alive++;
  const scale = tf.tidy(() => tf.variable(tf.scalar(1)));
  return {
    trainable: { scale },
    apply: ({ x }: Input) => tf.mul(x, scale),
    dispose: () => {
      alive--;
      scale.dispose();
    },
  };
};
const options: ChooseLearningRateOptions<Input> = {
  makeEncoder,
  train,
  learningRates: [1e-9, 0.1],
  epochs: 5,
  batchSize: 4,
  dropoutRate: 0,
};

describe('chooseLearningRate', () => {
  it('takes the rate that is best on held-out examples, whatever its place', async () => {
    const { numTensors } = tf.memory();
    const seen: LearningRateTrial[] = [];
    const choice = await chooseLearningRate({ ...options, onTrial: (trial) => seen.push(trial) });
    expect(choice.learningRate).toBe(0.1);
    expect(choice.trials).toEqual(seen);
    expect(choice.trials.map(({ learningRate }) => learningRate)).toEqual([1e-9, 0.1]);
    expect(choice.trials[1]).toMatchObject({ accuracy: 1 });
    expect(choice.trials[1]!.loss).toBeLessThan(choice.trials[0]!.loss);
    expect((await chooseLearningRate({ ...options, learningRates: [0.1, 1e-9] })).learningRate).toBe(0.1);
    expect([alive, tf.memory().numTensors]).toEqual([0, numTensors]);
  });

  it('holds out a fifth of each class, the same for every rate, and trains on the rest', async () => {
    reads.length = 0;
    await chooseLearningRate({ ...options, epochs: 1 });
    const perRate = [reads.slice(0, reads.length / 2), reads.slice(reads.length / 2)];
    const heldOut = perRate.map((calls) => [...calls.at(-1)!].sort((a, b) => a - b)); // four: one batch, at the end
    expect(heldOut[0]!.map((i) => labels[i])).toEqual([0, 0, 0, 1]);
    expect(heldOut[1]).toEqual(heldOut[0]);
    const trained = perRate[0]!.slice(1, -1).flat(); // the first is a look at the features
    expect([...trained, ...heldOut[0]!].sort((a, b) => a - b)).toEqual([...labels.keys()]);
    reads.length = 0;
    await chooseLearningRate({ ...options, epochs: 1, heldOutFraction: 0.4, batchSize: 8 });
    expect(reads.at(-1)).toHaveLength(8);
  });

  it('counts a rate that diverges as the worst', async () => {
    const exploding = { ...options, maxNorm: 1e30, weightDecay: 0 };
    const { learningRate, trials } = await chooseLearningRate({ ...exploding, learningRates: [1e38, 0.1] });
    expect(trials[0]).toEqual({ learningRate: 1e38, accuracy: 0, loss: Infinity });
    expect(learningRate).toBe(0.1);
    expect(alive).toBe(0);
  });

  it('trains nothing for one rate', async () => {
    reads.length = 0;
    expect(await chooseLearningRate({ ...options, learningRates: [0.3] })).toEqual({ learningRate: 0.3, trials: [] });
    expect(reads).toEqual([]);
  });

  it('refuses what does not fit, and passes other failures on', async () => {
    await expect(chooseLearningRate({ ...options, learningRates: [] })).rejects.toThrow('`learningRates` must have at least one entry');
    await expect(chooseLearningRate({ ...options, learningRates: [0.1, 0] })).rejects.toThrow('must be numbers > 0, got 0');
    await expect(chooseLearningRate({ ...options, heldOutFraction: 1 })).rejects.toThrow('must be in (0, 1), got 1');
    const one = { ...train, labels: [0] };
    await expect(chooseLearningRate({ ...options, train: one })).rejects.toThrow('two examples or more to hold one out, got 1');
    await expect(chooseLearningRate({ ...options, epochs: 0 })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
    expect(alive).toBe(0);
  });
});

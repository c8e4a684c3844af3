import * as tf from '@tensorflow/tfjs-core';
import type { Collective } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { toyBatch, type ToyOptions } from '../fixtures/toy-task.ts';
import { doStep, toyTrainer } from '../fixtures/toy-trainer.ts';

const scalar = (value: number) => tf.scalar(value);

/** Two ranks in one process: each rank's all-reduce needs the other's numbers, so the ranks are run once to record and once to reduce. */
const rankOf = (rank: number, contributions: Float32Array[]): Collective => ({
  rank,
  worldSize: 2,
  allGather: (x) => x,
  allReduceMean(x) {
    contributions[rank] = Float32Array.from(x);
    const other = contributions[1 - rank];
    if (other) x.forEach((value, i) => (x[i] = (value + other[i]!) / 2));
  },
  broadcast: () => undefined,
  barrier: () => undefined,
});

describe('several ranks', () => {
  // without normalization over the batch and without noise the mean over two halves is the mean over the whole
  const linear: ToyOptions = {
    change: (run) => ({
      targets: ({ x }) => ({ key: tf.slice2d(x, [0, 0], [x.shape[0], 4]) }),
      loss: ({ x }, { key }) => {
        const z = tf.matMul(tf.matMul(x, run.trainable['backbone/dense1/kernel']!), run.trainable['backbone/dense2/kernel']!);
        const loss = tf.mean<tf.Scalar>(tf.square(tf.sub(z, key)));
        return { loss, metrics: { half: tf.mul<tf.Scalar>(loss, 0.5) } };
      },
    }),
  };

  it('average gradients, loss and metrics to those of one process', async () => {
    const solo = toyTrainer(linear);
    const batch = toyBatch(0, 8);
    const whole = await solo.trainStep(batch);
    const contributions: Float32Array[] = [];
    const halves = tf.split<tf.Tensor2D>(batch.x, 2);
    const steps: { loss: number; metrics: Readonly<Record<string, number>>; withoutGradient: readonly string[] }[] = [];
    const kernels: (readonly number[])[] = [];
    for (const rank of [0, 1, 0]) {
      const trainer = toyTrainer(linear, { collective: rankOf(rank, contributions) });
      steps.push(await trainer.trainStep({ x: halves[rank]! }));
      kernels.push([...(await trainer.run.trainable['backbone/dense1/kernel']!.data())]);
      trainer.dispose();
    }
    const expected = await solo.run.trainable['backbone/dense1/kernel']!.data();
    expect(contributions[0]).not.toEqual(contributions[1]);
    for (const i of [1, 2]) {
      expect(steps[i]!.loss).toBeCloseTo(whole.loss, 6);
      expect(steps[i]!.metrics.half).toBeCloseTo(whole.loss / 2, 6);
      expect(steps[i]!.withoutGradient).toEqual(['backbone/norm/scale', 'backbone/norm/offset']);
      kernels[i]!.forEach((value, j) => {
        expect(value).toBeCloseTo(expected[j]!, 6);
      });
    }
    expect(kernels[1]).toEqual(kernels[2]); // the ranks stay equal bit for bit
    solo.dispose();
    tf.dispose([batch.x, halves]);
  });

  it('stop together when the numbers of one are not finite', async () => {
    const contributions: Float32Array[] = [];
    const bad = toyTrainer({ change: (run) => ({ loss: (...args) => ({ loss: tf.mul(run.loss(...args).loss, Infinity), metrics: { norm: scalar(0) } }) }) }, { collective: rankOf(0, contributions) }); // prettier-ignore
    await expect(doStep(bad)).rejects.toMatchObject({ code: 'SELFSUP_NON_FINITE' });
    const good = toyTrainer({}, { collective: rankOf(1, contributions) });
    await expect(doStep(good)).rejects.toMatchObject({ code: 'SELFSUP_NON_FINITE' });
    bad.dispose();
    good.dispose();
  });
});

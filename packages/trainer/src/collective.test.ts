import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { rendezvousRanks } from '../fixtures/rendezvous-ranks.ts';
import { bitsOf, toyBatch, type ToyOptions } from '../fixtures/toy-task.ts';
import { doStep, toyTrainer } from '../fixtures/toy-trainer.ts';

const kernelOf = async (trainer: ReturnType<typeof toyTrainer>) => [...(await trainer.run.trainable['backbone/dense1/kernel']!.data())];

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
    const halves = tf.split<tf.Tensor2D>(batch.x, 2);
    const ranks = rendezvousRanks(2).map((collective) => toyTrainer(linear, { collective }));
    const steps = await Promise.all(ranks.map((trainer, rank) => trainer.trainStep({ x: halves[rank]! })));
    const expected = await kernelOf(solo);
    for (const [rank, step] of steps.entries()) {
      expect(step.loss).toBeCloseTo(whole.loss, 6);
      expect(step.metrics.half).toBeCloseTo(whole.loss / 2, 6);
      expect(step.withoutGradient).toEqual(['backbone/norm/scale', 'backbone/norm/offset']);
      (await kernelOf(ranks[rank]!)).forEach((value, j) => {
        expect(value).toBeCloseTo(expected[j]!, 6);
      });
    }
    expect(await bitsOf(ranks[0]!.run.trainable)).toEqual(await bitsOf(ranks[1]!.run.trainable));
    for (const trainer of [solo, ...ranks]) trainer.dispose();
    tf.dispose([batch.x, halves]);
  });

  // rows that count as much as their last number says: means of parts must be weighted to be the mean of the whole
  const weighted = (withWeights: boolean): ToyOptions => ({
    change: (run) => ({
      targets: ({ x }) => ({ key: tf.slice2d(x, [0, 0], [x.shape[0], 4]) }),
      loss: ({ x }, { key }) => {
        const z = tf.matMul(tf.matMul(x, run.trainable['backbone/dense1/kernel']!), run.trainable['backbone/dense2/kernel']!);
        const counts = tf.cast(tf.greater(tf.slice2d(x, [0, 0], [-1, 1]), -0.3), 'float32'); // [n, 1]
        const weight = tf.sum<tf.Scalar>(counts);
        const loss = tf.div<tf.Scalar>(tf.sum(tf.mul(counts, tf.square(tf.sub(z, key)))), tf.maximum(weight, 1));
        return { loss, metrics: { twice: tf.mul<tf.Scalar>(loss, 2) }, ...(withWeights && { weight }) };
      },
    }),
  });

  it.each([true, false])(
    'with micro-batches whose losses count differently make the update of the whole: weights %s',
    async (withWeights) => {
      const [solo, few] = [toyTrainer(weighted(withWeights)), toyTrainer(weighted(withWeights))];
      const batch = toyBatch(0, 12);
      const parts = tf.split<tf.Tensor2D>(batch.x, 4).map((x) => ({ x }));
      const whole = await solo.trainStep(batch);
      const ranks = rendezvousRanks(2).map((collective) => toyTrainer(weighted(withWeights), { collective }));
      const micro = await few.trainStep(parts);
      const steps = await Promise.all(ranks.map((trainer, rank) => trainer.trainStep(parts.filter((_, i) => i % 2 === rank))));
      const expected = await kernelOf(solo);
      const trainers = [few, ...ranks];
      for (const [i, step] of [micro, ...steps].entries()) {
        const apart = Math.max(...(await kernelOf(trainers[i]!)).map((value, j) => Math.abs(value - expected[j]!)));
        expect(Math.abs(step.loss - whole.loss) < 1e-6 && Math.abs(step.metrics['twice']! - 2 * whole.loss) < 1e-6 && apart < 1e-6).toBe(
          withWeights,
        );
      }
      for (const trainer of [solo, few, ...ranks]) trainer.dispose();
      tf.dispose([batch.x, parts]);
    },
  );

  it('must have as many micro-batches each', async () => {
    const ranks = rendezvousRanks(2).map((collective) => toyTrainer(linear, { collective }));
    const parts = tf.tidy(() => tf.split<tf.Tensor2D>(toyBatch(0, 9).x, 3)).map((x) => ({ x }));
    const failed = await Promise.allSettled(
      ranks.map((trainer, rank) => trainer.trainStep(rank === 0 ? parts.slice(0, 1) : parts.slice(1))),
    );
    for (const outcome of failed)
      expect(outcome).toMatchObject({
        reason: { code: 'SELFSUP_BATCH', message: expect.stringContaining('as many micro-batches on each rank, got [1, 2]') as string },
      });
    for (const trainer of ranks) trainer.dispose();
    tf.dispose(parts);
  });

  it('stop together when the numbers of one are not finite', async () => {
    const broken: ToyOptions = {
      change: (run) => ({ loss: (...args) => ({ ...run.loss(...args), loss: tf.mul(run.loss(...args).loss, Infinity) }) }),
    };
    const ranks = rendezvousRanks(2).map((collective) => toyTrainer(collective.rank === 0 ? broken : {}, { collective }));
    for (const outcome of await Promise.allSettled(ranks.map((trainer) => doStep(trainer))))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SELFSUP_NON_FINITE' } });
    for (const trainer of ranks) trainer.dispose();
  });
});

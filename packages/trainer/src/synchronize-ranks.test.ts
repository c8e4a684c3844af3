import { drawUniform, type Collective } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { rendezvousRanks } from '../fixtures/rendezvous-ranks.ts';
import { bitsOf, inputDim, toyBatch, type ToyOptions } from '../fixtures/toy-task.ts';
import { doStep, toyTrainer } from '../fixtures/toy-trainer.ts';
import { fit, type Source } from './fit.ts';
import { compareRanks, synchronizeRanks } from './synchronize-ranks.ts';

const bits = async ({ run }: ReturnType<typeof toyTrainer>) => [await bitsOf(run.trainable), await bitsOf(run.buffers)];

describe('synchronizeRanks', () => {
  it('gives all ranks the weights, the state and the step of rank 0', async () => {
    const ranks = rendezvousRanks(3).map((collective) => toyTrainer({}, { collective }));
    const solo = toyTrainer();
    await doStep(solo);
    await doStep(solo);
    await ranks[0]!.restore(await solo.save());
    await Promise.all(ranks.map((trainer) => synchronizeRanks(trainer)));
    const expected = await bits(solo);
    for (const trainer of ranks) {
      expect(trainer.step).toBe(2);
      expect(await bits(trainer)).toEqual(expected);
    }
    for (const trainer of [solo, ...ranks]) trainer.dispose();
  });

  it('refuses a rank with other networks', async () => {
    const ranks = rendezvousRanks(2).map((collective) => toyTrainer({ hiddenDim: 8 + collective.rank }, { collective }));
    const [, second] = await Promise.allSettled(ranks.map((trainer) => synchronizeRanks(trainer)));
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'SELFSUP_CHECKPOINT' } });
    for (const trainer of ranks) trainer.dispose();
  });
});

describe('compareRanks', () => {
  it('names the first variable that differs and the ranks, on all of them', async () => {
    const ranks = rendezvousRanks(3).map((collective) => toyTrainer({}, { collective }));
    await Promise.all(ranks.map((trainer) => compareRanks(trainer)));
    const kernel = ranks[2]!.run.trainable['backbone/dense2/kernel']!;
    tf.tidy(() => {
      kernel.assign(tf.mul(kernel, 1 + 2 ** -22));
    });
    for (const outcome of await Promise.allSettled(ranks.map((trainer) => compareRanks(trainer))))
      expect(outcome).toMatchObject({
        reason: {
          code: 'SELFSUP_COLLECTIVE',
          message: expect.stringContaining('`backbone/dense2/kernel` of toy-task on rank 2 is not that of rank 0') as string,
        },
      });
    for (const trainer of ranks) trainer.dispose();
  });
});

// without normalization over the batch: a mean over parts is that over the whole
const linear: ToyOptions = {
  change: (run) => ({
    targets: ({ x }, { stream }) => ({ key: tf.tensor2d(drawUniform(stream('key'), 4 * x.shape[0]), [x.shape[0], 4]) }),
    loss: ({ x }, { key }) => {
      const z = tf.matMul(tf.matMul(x, run.trainable['backbone/dense1/kernel']!), run.trainable['backbone/dense2/kernel']!);
      return { loss: tf.mean<tf.Scalar>(tf.square(tf.sub(z, key))), metrics: {} };
    },
  }),
};

/** Reads blocks of four rows of one order, as the loader of @selfsup/data does. */
const sourceOf = ({ rank, worldSize }: Pick<Collective, 'rank' | 'worldSize'>, rows: number): Source<number> => ({
  stepsPerEpoch: 24 / worldSize / rows,
  async *epoch(epoch, { firstStep = 0 } = {}) {
    for (let t = firstStep; t < 24 / worldSize / rows; t++) yield await Promise.resolve(100 * epoch + (t * worldSize + rank) * rows);
  },
});

const trainFor = async (trainer: ReturnType<typeof toyTrainer>, options: { rows: number; accumulate: number; signal?: AbortSignal }) => {
  const losses: number[] = [];
  const result = await fit(trainer, {
    source: sourceOf(trainer.collective, options.rows),
    prepare: (first, { rng }) => {
      const whole = toyBatch(Math.floor(first / 100), 24).x;
      const own = tf.slice2d(whole, [first % 100, 0], [options.rows, inputDim]);
      return { x: tf.add(own, tf.tensor2d(drawUniform(rng.fold('noise'), options.rows * inputDim), [options.rows, inputDim])) };
    },
    epochs: 2,
    compareRanksEvery: 1,
    callbacks: { onStep: ({ loss }) => void losses.push(loss) },
    accumulate: options.accumulate,
    ...(options.signal && { signal: options.signal }),
  });
  return { losses, result };
};

describe('fit', () => {
  it.each([
    [1, { rows: 2, accumulate: 4 }],
    [2, { rows: 4, accumulate: 1 }],
    [2, { rows: 2, accumulate: 2 }],
    [4, { rows: 2, accumulate: 1 }],
  ])('on %d ranks with %j learns as one rank with the whole batch', async (worldSize, division) => {
    const solo = toyTrainer(linear);
    const { losses } = await trainFor(solo, { rows: 8, accumulate: 1 });
    const ranks = rendezvousRanks(worldSize).map((collective) => toyTrainer(linear, { collective }));
    const found = await Promise.all(ranks.map((trainer) => trainFor(trainer, division)));
    for (const { losses: own } of found) {
      expect(own.length).toBe(6);
      own.forEach((loss, i) => {
        expect(Math.abs(loss / losses[i]! - 1)).toBeLessThan(1e-5);
      });
    }
    for (const trainer of [solo, ...ranks]) trainer.dispose();
  });

  it('stops on all ranks when one is told to', async () => {
    const ranks = rendezvousRanks(2).map((collective) => toyTrainer(linear, { collective }));
    const found = await Promise.all(
      ranks.map((trainer, rank) => trainFor(trainer, { rows: 4, accumulate: 1, ...(rank === 1 && { signal: AbortSignal.abort() }) })),
    );
    expect(found.map(({ result }) => [result.stoppedBy, result.step])).toEqual([
      ['signal', 0],
      ['signal', 0],
    ]);
    for (const trainer of ranks) trainer.dispose();
  });
});

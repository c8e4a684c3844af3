import * as tf from '@tensorflow/tfjs-core';
import { namedTensors } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { rendezvousRanks } from '../fixtures/rendezvous-ranks.ts';
import { toyBatch, type ToyBatch, type ToyOptions } from '../fixtures/toy-task.ts';
import { toyTrainer } from '../fixtures/toy-trainer.ts';

const parts = (batch: ToyBatch, count: number): ToyBatch[] => tf.split<tf.Tensor2D>(batch.x, count).map((x) => ({ x }));

describe('what afterStep gets of a task without embed', () => {
  const keeping = (outcomes: Record<string, readonly number[]>[]): ToyOptions => ({
    change: (run) => ({
      targets: ({ x }) => ({ key: tf.slice2d(x, [0, 0], [x.shape[0], 4]) }),
      loss: (batch, targets, context) => ({
        ...run.loss(batch, targets, context),
        keep: { first: tf.slice2d(batch.x, [0, 0], [1, 2]), list: [tf.sum(batch.x, 1), tf.add(targets.key, 1)], nothing: undefined },
      }),
      afterStep: ({ targets, kept }) => {
        const read = namedTensors({ ...targets, ...kept }).map(
          ([name, tensor]) => [name, [...tensor.shape, ...tensor.dataSync()]] as const,
        );
        outcomes.push(Object.fromEntries(read));
      },
    }),
  });
  const expectedOf = (micro: readonly ToyBatch[]) => {
    const key = tf.concat(micro.map(({ x }) => tf.slice2d(x, [0, 0], [x.shape[0], 4])));
    const first = tf.concat(micro.map(({ x }) => tf.slice2d(x, [0, 0], [1, 2])));
    const sums = tf.concat(micro.map(({ x }) => tf.sum<tf.Tensor1D>(x, 1)));
    const values = (tensor: tf.Tensor) => [...tensor.shape, ...tensor.dataSync()];
    return { key: values(key), first: values(first), 'list[0]': values(sums), 'list[1]': values(tf.add(key, 1)) };
  };

  it('are the rows of all micro-batches', async () => {
    const outcomes: Record<string, readonly number[]>[] = [];
    const trainer = toyTrainer(keeping(outcomes));
    const batch = toyBatch(0);
    const micro = parts(batch, 4);
    await trainer.trainStep(batch);
    await trainer.trainStep(micro);
    tf.tidy(() => {
      expect(outcomes).toEqual([expectedOf([batch]), expectedOf(micro)]);
    });
    trainer.dispose();
    tf.dispose([batch, micro]);
  });

  it('are the rows of all ranks', async () => {
    const outcomes: Record<string, readonly number[]>[] = [];
    const batch = toyBatch(0);
    const micro = parts(batch, 4);
    const trainers = rendezvousRanks(2).map((collective) => toyTrainer(keeping(outcomes), { collective }));
    await Promise.all(trainers.map((trainer, rank) => trainer.trainStep(micro.filter((_, i) => i % 2 === rank))));
    tf.tidy(() => {
      expect(outcomes).toEqual([expectedOf(micro), expectedOf(micro)]);
    });
    for (const trainer of trainers) trainer.dispose();
    tf.dispose([batch, micro]);
  });

  it('must have rows, of one kind for all micro-batches', async () => {
    const batch = toyBatch(0);
    const scalar = toyTrainer({ change: (run) => ({ loss: (...args) => ({ ...run.loss(...args), keep: { mean: tf.scalar(1) } }) }) });
    await expect(scalar.trainStep(batch)).rejects.toMatchObject({
      code: 'SELFSUP_SHAPE',
      message: expect.stringContaining('`keep` of toy-task: `mean` must be a tensor of rank >= 1') as string,
    });
    scalar.dispose();
    let width = 1;
    const changing = toyTrainer({
      change: (run) => ({ loss: (...args) => ({ ...run.loss(...args), keep: { rows: tf.zeros([8, width++]) } }) }),
    });
    await expect(changing.trainStep([batch, batch])).rejects.toMatchObject({
      code: 'SELFSUP_SHAPE',
      message:
        '`keep` of toy-task must give tensors of one kind for all micro-batches of an update, got rows [rows, 1] and, from micro-batch 1, rows [rows, 2]',
    });
    changing.dispose();
    tf.dispose(batch);
  });

  it('is nothing that is held where there is no afterStep', async () => {
    const trainer = toyTrainer({
      change: (run) => ({
        // as a task has it that needs none
        afterStep: undefined as never,
        loss: (...args) => ({ ...run.loss(...args), keep: { mean: tf.scalar(1) } }),
      }),
    });
    const batch = toyBatch(0);
    await trainer.trainStep(batch);
    const { numTensors } = tf.memory();
    await trainer.trainStep([batch, batch]);
    expect(tf.memory().numTensors).toBe(numTensors);
    trainer.dispose();
    tf.dispose(batch);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { selectBackend } from '@selfsup/backends';
import { beforeAll, describe, expect, it } from 'vitest';
import { rendezvousRanks } from '../fixtures/rendezvous-ranks.ts';
import { bitsOf, toyBatch, toyTask, type ToyOptions } from '../fixtures/toy-task.ts';
import { toyTrainer } from '../fixtures/toy-trainer.ts';
import { createTrainer } from './create-trainer.ts';
import { adamW, sgd } from '@selfsup/optim';

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

describe.each([
  ['sgd', () => sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 1e-3 })],
  ['adamW', () => adamW({ learningRate: 0.01 })],
])('on the wasm backend, %s', (_, optimizer) => {
  const make = () => createTrainer({ task: toyTask(), optimizer: optimizer(), totalSteps: 6, seed: 3 });
  const train = async (trainer: ReturnType<typeof make>, until: number) => {
    while (trainer.step < until) {
      const batch = toyBatch(trainer.step);
      await trainer.trainStep(batch);
      tf.dispose(batch);
    }
  };

  it('resumes bit for bit and keeps its memory constant', async () => {
    expect(tf.getBackend()).toBe('wasm');
    const unbroken = make();
    await train(unbroken, 3);
    const saved = await unbroken.save();
    const { numTensors, numBytes } = tf.memory();
    await train(unbroken, 6);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    const resumed = make();
    await resumed.restore(saved);
    await train(resumed, 6);
    expect(await resumed.save()).toEqual(await unbroken.save());
    unbroken.dispose();
    resumed.dispose();
  });
});

describe('several ranks on the wasm backend', () => {
  // two variables with one gradient tensor, and one that has a gradient on rank 0 alone
  const shared = (rank: number, weight: boolean): ToyOptions => ({
    change: (run) => ({
      loss: (...args) => {
        const result = run.loss(...args);
        const [scale, offset] = [run.trainable['backbone/norm/scale']!, run.trainable['backbone/norm/offset']!];
        const kernel = run.trainable['backbone/dense1/kernel']!;
        const loss =
          rank === 0
            ? tf.add<tf.Scalar>(tf.sum(tf.add(scale, offset)), tf.sum(tf.square(kernel)))
            : tf.sum<tf.Scalar>(tf.add(scale, offset));
        return { ...result, loss, ...(weight && { weight: tf.scalar(1 + rank) }) };
      },
    }),
  });

  it.each([
    ['as they are', () => ({})],
    ['that share tensors', (rank: number) => shared(rank, false)],
    ['with weights', (rank: number) => shared(rank, true)],
  ])('average gradients where they lie: %s, to the bit as in one array', async (_, taskOf) => {
    const train = async (inPlace: boolean) => {
      const trainers = rendezvousRanks(2, { inPlace }).map((collective) => toyTrainer(taskOf(collective.rank), { collective }));
      const before = tf.memory().numTensors;
      const losses: number[] = [];
      for (let step = 0; step < 3; step++) {
        const batches = trainers.map((_trainer, rank) => toyBatch(2 * step + rank));
        const [first] = await Promise.all(trainers.map((trainer, rank) => trainer.trainStep(batches[rank]!)));
        losses.push(first!.loss);
        tf.dispose(batches);
      }
      expect(tf.memory().numTensors).toBe(before);
      const weights = await Promise.all(trainers.map(({ run }) => bitsOf(run.trainable)));
      for (const trainer of trainers) trainer.dispose();
      expect(weights[0]).toEqual(weights[1]);
      return { losses, weights };
    };
    expect(await train(true)).toEqual(await train(false));
  });
});

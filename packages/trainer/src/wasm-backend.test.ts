import * as tf from '@tensorflow/tfjs-core';
import { selectBackend } from '@selfsup/backends';
import { beforeAll, describe, expect, it } from 'vitest';
import { toyBatch, toyTask } from '../fixtures/toy-task.ts';
import { createTrainer } from './create-trainer.ts';
import { adamW } from './optimizers/adam-w.ts';
import { sgd } from './optimizers/sgd.ts';

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

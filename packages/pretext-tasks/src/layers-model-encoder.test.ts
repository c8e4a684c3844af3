import { createRng, drawNormal, type AnyPretextTask } from '@selfsup/core';
import { fromLayersModel, projectionHead } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { readValues } from '../fixtures/tiny-networks.ts';
import { moco } from './moco.ts';
import { simclr } from './simclr.ts';

const backbone = fromLayersModel((seed) =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 6, 3], filters: 4, kernelSize: 3, useBias: false, kernelInitializer: tfl.initializers.heNormal({ seed }) }), // prettier-ignore
      tfl.layers.batchNormalization({ momentum: 0.9 }),
      tfl.layers.reLU(),
      tfl.layers.globalAveragePooling2d({}),
    ],
  }),
);
const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 6, outputDim: 5 });
const makeViews = (step: number) => {
  const draw = (tag: string) => tf.tensor4d(drawNormal(createRng(step).fold(tag), 8 * 6 * 6 * 3), [8, 6, 6, 3]);
  return { views: [draw('first'), draw('second')] };
};
type Task = AnyPretextTask;
const trainerOf = (task: Task) => createTrainer({ task, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), totalSteps: 6, seed: 0 });

async function train(trainer: ReturnType<typeof trainerOf>, steps: number[]): Promise<number[]> {
  const losses: number[] = [];
  for (const step of steps) {
    const batch = makeViews(step);
    const { loss, withoutGradient } = await trainer.trainStep(batch);
    expect(withoutGradient).toEqual([]);
    losses.push(loss);
    tf.dispose(batch);
  }
  return losses;
}

describe('a model of tfjs-layers as the encoder', () => {
  it.each([
    ['simclr', simclr({ backbone, projectionHead: head })],
    ['moco', moco({ backbone, projectionHead: head, outputDim: 5, queueSize: 16, shuffleGroups: 2, momentum: 0.5 })],
  ] as [string, Task][])('%s trains it, and goes on from a checkpoint as if nothing had happened', async (name, task) => {
    const trainer = trainerOf(task);
    const start = readValues(trainer.run);
    await train(trainer, [0, 1, 2]);
    const now = readValues(trainer.run);
    for (const [path, values] of Object.entries(now)) {
      expect(values.every(Number.isFinite), path).toBe(true);
      expect(values, path).not.toEqual(start[path]);
    }
    if (name === 'moco') {
      const [online, target] = ['backbone', 'target/backbone'].map((prefix) => now[`${prefix}/conv2d1/kernel`]!);
      expect(target).not.toEqual(online); // it follows
    }
    const bytes = await trainer.save();
    const after = await train(trainer, [3, 4, 5]);
    const resumed = trainerOf(task);
    await resumed.restore(bytes);
    expect(await train(resumed, [3, 4, 5])).toEqual(after);
    expect(readValues(resumed.run)).toEqual(readValues(trainer.run));
    trainer.dispose();
    resumed.dispose();
  });
});

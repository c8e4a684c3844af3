import { selectBackend } from '@selfsup/backends';
import { createRng, type Batch } from '@selfsup/core';
import { shapes, type ImageDataset, type VideoDataset } from '@selfsup/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OpenedData } from './open-data.ts';
import { resolveSettings } from './options/run-settings.ts';
import { tasks } from './registry-tasks.ts';
import { createLearningRun } from './training/learning-run.ts';

const train: ImageDataset = shapes({ count: 32, seed: 0 });
const data: OpenedData = { train, heldOut: false, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], skipped: () => [], imagesPerSecond: 1 };

/** Videos of an image that fades in. */
const clips: VideoDataset = {
  ...{ name: 'fading', length: 32, clipLength: 4, height: 32, width: 32, channels: 3 },
  async readClips(indices) {
    const { pixels, shape } = await train.read(indices);
    const [n, size] = [shape[0], pixels.length / shape[0]];
    const faded = Uint8Array.from({ length: 4 * n * size }, (_, i) => {
      const [clip, frame] = [Math.floor(i / (4 * size)), Math.floor(i / size) % 4];
      return (pixels[clip * size + (i % size)]! * (frame + 1)) / 4;
    });
    return { pixels: faded, shape: [n, 4, 32, 32, 3], indices: Int32Array.from(indices) };
  },
};

/** Options of the default encoder of a task that make it small. */
const tinyEncoder = (task: string) =>
  tasks.get(task).encoders?.[0]?.startsWith('vit-') ? { numLayers: 1, width: 16, numHeads: 2 } : { widths: [8, 16] };

const tensorsOf = (batch: Batch) => Object.values(batch).flat() as tf.Tensor[];
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

describe.each(tasks.names)('--task %s', (task) => {
  it('lowers its loss on one batch, with the default heads', async () => {
    const settings = resolveSettings({
      task,
      data: 'shapes',
      batchSize: 16,
      epochs: 10,
      encoderOptions: tinyEncoder(task),
      headOutput: 16,
      ...(tasks.get(task).optimizer === 'adamw' && { learningRate: 3e-3 }), // new masks at each step, so the loss must fall fast to be seen
    });
    const { trainer, loader, prepare } = createLearningRun(settings, { data: settings.clipLength ? { ...data, clips } : data, config: {} });
    try {
      const losses: number[] = [];
      for await (const pixels of loader.epoch(0, { firstStep: 1 })) {
        const made: { batch?: Batch } = {};
        tf.tidy(() => {
          made.batch = prepare(pixels, { rng: createRng(0), step: 0, epoch: 0 });
          return tensorsOf(made.batch);
        });
        const batch = made.batch!;
        for (let i = 0; i < 12; i++) losses.push((await trainer.trainStep(batch)).loss);
        tf.dispose(tensorsOf(batch));
      }
      expect(losses).toHaveLength(12);
      expect(losses.every(Number.isFinite)).toBe(true);
      // MoCo's loss against a queue of noise rises while the queue fills with keys, and jigsaw draws new puzzles of 64 classes at each step
      if (task !== 'moco' && task !== 'jigsaw') expect(mean(losses.slice(-3))).toBeLessThan(mean(losses.slice(0, 3)));
    } finally {
      trainer.dispose();
    }
  });
});

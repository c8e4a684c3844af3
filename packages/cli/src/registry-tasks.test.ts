import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { shapes, type ImageDataset } from '@selfsup/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OpenedData } from './open-data.ts';
import { resolveSettings } from './options/run-settings.ts';
import { tasks } from './registry-tasks.ts';
import { createLearningRun } from './training/learning-run.ts';

const train: ImageDataset = shapes({ count: 32, seed: 0 });
const data: OpenedData = { train, heldOut: false, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], skipped: () => [], imagesPerSecond: 1 };

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
      encoderOptions: { widths: [8, 16] },
      headOutput: 16,
    });
    const { trainer, loader, prepare } = createLearningRun(settings, { data, config: {} });
    try {
      const losses: number[] = [];
      for await (const pixels of loader.epoch(0, { firstStep: 1 })) {
        const batch = tf.tidy(() => ({ views: [...prepare(pixels, { rng: createRng(0), step: 0, epoch: 0 }).views] }));
        for (let i = 0; i < 12; i++) losses.push((await trainer.trainStep(batch)).loss);
        tf.dispose(batch);
      }
      expect(losses).toHaveLength(12);
      expect(losses.every(Number.isFinite)).toBe(true);
      // MoCo's loss against a queue of noise rises while the queue fills with keys; the others fall from the first step
      if (task !== 'moco') expect(losses.at(-1)).toBeLessThan(losses[0]!);
    } finally {
      trainer.dispose();
    }
  });
});

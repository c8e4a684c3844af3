import * as tf from '@tensorflow/tfjs-core';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitToy, inFolder, prepare, toySource, toyTrainer } from '../fixtures/toy-fit.ts';
import { readCheckpointMetadata } from './checkpoint/checkpoint-metadata.ts';
import { readCheckpoint } from './checkpoint/read-checkpoint.ts';
import type { EpochReport, StepReport } from './fit-callbacks.ts';

describe('fit', () => {
  it('runs all epochs and reports in order', async () => {
    const trainer = toyTrainer();
    const events: string[] = [];
    const epochs: EpochReport[] = [];
    const steps: StepReport[] = [];
    const result = await fitToy(trainer, {
      callbacks: {
        onStart: ({ step, epoch, stepsPerEpoch, resumed }) =>
          void events.push(`start ${step} ${epoch} ${stepsPerEpoch} ${String(resumed)}`),
        onStep: (report) => {
          events.push(`step ${report.step} of ${report.epoch}`);
          steps.push(report);
        },
        onEpochEnd: async (report) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          events.push(`epoch ${report.epoch} at ${report.step}`);
          epochs.push(report);
        },
        onEnd: ({ step }) => void events.push(`end ${step}`),
      },
    });
    expect(events).toEqual([
      'start 0 0 4 false',
      ...[0, 1, 2].flatMap((epoch) => [
        ...[0, 1, 2, 3].map((step) => `step ${4 * epoch + step} of ${epoch}`),
        `epoch ${epoch} at ${4 * epoch + 4}`,
      ]),
      'end 12',
    ]);
    expect(result).toMatchObject({ step: 12, steps: 12, epochs: 3, stoppedBy: 'end' });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const second = steps.slice(4, 8);
    expect(epochs[1]!.loss).toBeCloseTo(mean(second.map(({ loss }) => loss)), 12);
    expect(epochs[1]!.metrics.norm).toBeCloseTo(mean(second.map(({ metrics }) => metrics.norm!)), 12);
    for (const part of ['reading', 'preparing', 'training'] as const) {
      expect(steps.every(({ seconds }) => seconds[part] >= 0)).toBe(true);
      expect(epochs[1]!.seconds[part]).toBeCloseTo(
        second.reduce((sum, { seconds }) => sum + seconds[part], 0),
        9,
      );
      expect(result.seconds[part]).toBeCloseTo(
        steps.reduce((sum, { seconds }) => sum + seconds[part], 0),
        9,
      );
    }
    trainer.dispose();
  });

  it('keeps the number of tensors constant', async () => {
    const trainer = toyTrainer();
    const counts: number[] = [];
    await fitToy(trainer, { callbacks: { onStep: () => void counts.push(tf.memory().numTensors) } });
    expect(new Set(counts).size).toBe(1);
    trainer.dispose();
  });

  it('gives the event loop a turn before every step', async () => {
    const trainer = toyTrainer();
    let turns = 0;
    const count = () => void (turns++, (timer = setImmediate(count)));
    let timer = setImmediate(count);
    await fitToy(trainer);
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual(12);
    trainer.dispose();
  });

  it('makes another augmentation at every step, the same in every run', async () => {
    const draws = async () => {
      const seeds: number[] = [];
      const trainer = toyTrainer();
      await fitToy(trainer, { prepare: (rows, context) => (seeds.push(context.rng.seed()), prepare(rows, context)) });
      trainer.dispose();
      return seeds;
    };
    const first = await draws();
    expect(new Set(first).size).toBe(12);
    expect(await draws()).toEqual(first);
  });
});

describe('resume', () => {
  it.each([4, 6])('from step %i gives the same final checkpoint, byte for byte', (at) =>
    inFolder(async (folder) => {
      const [whole, part] = [join(folder, 'whole'), join(folder, 'part')];
      const unbroken = toyTrainer();
      await fitToy(unbroken, { checkpoint: { path: whole } });
      unbroken.dispose();

      const killed = toyTrainer();
      const dies = { onStep: ({ step }: StepReport) => { if (step === at) throw new Error('killed'); } }; // prettier-ignore
      await expect(fitToy(killed, { checkpoint: { path: part, everySteps: 2 }, callbacks: dies })).rejects.toThrow('killed');
      killed.dispose();
      expect(readCheckpointMetadata(await readCheckpoint(part)).step).toBe(at);

      const resumed = toyTrainer();
      await resumed.restore(await readCheckpoint(part));
      const events: string[] = [];
      const counts = { open: 0, read: 0 };
      const result = await fitToy(resumed, {
        source: toySource(counts),
        checkpoint: { path: part },
        callbacks: { onStart: ({ step, epoch, resumed }) => void events.push(`${step} ${epoch} ${String(resumed)}`) },
      });
      resumed.dispose();
      expect(events).toEqual([`${at} 1 true`]);
      expect(counts).toEqual({ open: 0, read: 12 - at });
      expect(result).toMatchObject({ step: 12, steps: 12 - at, epochs: 3 });
      expect(await readCheckpoint(part)).toEqual(await readCheckpoint(whole));
    }),
  );

  it('does nothing when all epochs are done', async () => {
    const trainer = toyTrainer();
    await fitToy(trainer, { epochs: 1 });
    expect(await fitToy(trainer, { epochs: 1 })).toMatchObject({ step: 4, steps: 0, stoppedBy: 'end' });
    trainer.dispose();
  });
});

describe('checkpoints', () => {
  it('come every so many steps and epochs and at the end, each step once', () =>
    inFolder(async (folder) => {
      const trainer = toyTrainer();
      const at: number[] = [];
      const path = join(folder, 'checkpoint');
      await fitToy(trainer, {
        checkpoint: { path, everySteps: 3, everyEpochs: 2 },
        callbacks: { onCheckpoint: ({ step }) => void at.push(step) },
      });
      expect(at).toEqual([3, 6, 8, 9, 12]);
      expect(await readdir(folder)).toEqual(['checkpoint']);
      trainer.dispose();
    }));

  it('can go elsewhere than to files', async () => {
    const trainer = toyTrainer();
    const written: [string, number][] = [];
    await fitToy(trainer, {
      epochs: 1,
      checkpoint: { path: 'key', write: (path, bytes) => (written.push([path, bytes.length]), Promise.resolve()) },
    });
    expect(written).toEqual([['key', (await trainer.save()).length]]);
    trainer.dispose();
  });
});

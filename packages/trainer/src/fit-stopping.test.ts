import * as tf from '@tensorflow/tfjs-core';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ToyFit, fitToy, inFolder, prepare, stepsPerEpoch, toySource, toyTrainer } from '../fixtures/toy-fit.ts';
import { type ToyOptions } from '../fixtures/toy-task.ts';
import { readCheckpointMetadata } from './checkpoint/checkpoint-metadata.ts';
import { readCheckpoint } from './checkpoint/read-checkpoint.ts';

describe('stopping', () => {
  it('by signal: after the current step, with a checkpoint, the source closed', () =>
    inFolder(async (folder) => {
      const trainer = toyTrainer();
      const controller = new AbortController();
      const counts = { open: 0, read: 0 };
      const path = join(folder, 'checkpoint');
      const result = await fitToy(trainer, {
        source: toySource(counts),
        signal: controller.signal,
        checkpoint: { path },
        callbacks: { onStep: ({ step }) => { if (step === 5) controller.abort(); } }, // prettier-ignore
      });
      expect(result).toMatchObject({ step: 6, steps: 6, epochs: 1, stoppedBy: 'signal' });
      expect(counts).toEqual({ open: 0, read: 6 });
      expect((await readCheckpointMetadata(await readCheckpoint(path))).step).toBe(6);
      expect(await fitToy(trainer, { signal: controller.signal })).toMatchObject({ steps: 0, stoppedBy: 'signal' });
      trainer.dispose();
    }));

  it('by time: before a step that would exceed it; callbacks do not count', async () => {
    const trainer = toyTrainer();
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const slow = { ...toySource(), async *epoch(epoch: number, options?: { firstStep?: number }) { for await (const rows of toySource().epoch(epoch, options)) { await wait(60); yield rows; } } }; // prettier-ignore
    const result = await fitToy(trainer, {
      source: slow,
      maxSeconds: 0.2,
      epochs: 1000,
      callbacks: { onStep: () => wait(10) as Promise<void> },
    });
    expect(result.stoppedBy).toBe('time');
    expect(result.steps).toBeGreaterThanOrEqual(1);
    expect(result.steps).toBeLessThanOrEqual(3); // at least 60 ms each
    trainer.dispose();
  });

  it('on an error in any part leaves no tensor, an open source or a checkpoint', () =>
    inFolder(async (folder) => {
      const boom = (): never => {
        throw new Error('boom');
      };
      const nan: ToyOptions = { change: (run) => ({ loss: (...args) => ({ loss: tf.mul(run.loss(...args).loss, NaN) }) }) };
      const cases: [string, ToyFit, ToyOptions?][] = [
        ['boom', { prepare: (rows, context) => (prepare(rows, context), boom()) }],
        ['boom', { callbacks: { onStep: boom } }],
        ['boom', { callbacks: { onEpochEnd: boom } }],
        [
          'boom',
          { source: { stepsPerEpoch, epoch: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve().then(boom) }) }) } },
        ],
        ['the loss of toy-task is NaN at step 0', {}, nan],
      ];
      for (const [message, options, task] of cases) {
        const trainer = toyTrainer(task);
        const { numTensors } = tf.memory();
        const counts = { open: 0, read: 0 };
        await expect(fitToy(trainer, { source: toySource(counts), checkpoint: { path: join(folder, 'x') }, ...options })).rejects.toThrow(
          message,
        );
        expect(tf.memory().numTensors).toBe(numTensors);
        expect(counts.open).toBe(0);
        trainer.dispose();
      }
      expect(await readdir(folder)).toEqual([]);
    }));

  it('refuses a source that ends early and options out of range', async () => {
    const trainer = toyTrainer();
    await expect(fitToy(trainer, { source: toySource(undefined, 3) })).rejects.toThrow(
      'fit: epoch 0 must have 4 batches, the source ended after 3',
    );
    await expect(fitToy(trainer, { source: { ...toySource(), stepsPerEpoch: 0 } })).rejects.toThrow(
      '`source.stepsPerEpoch` must be an integer >= 1, got 0',
    );
    await expect(fitToy(trainer, { epochs: -1 })).rejects.toThrow('`epochs` must be an integer >= 0');
    await expect(fitToy(trainer, { maxSeconds: 0 })).rejects.toThrow('`maxSeconds` must be > 0');
    await expect(fitToy(trainer, { checkpoint: { path: 'x', everySteps: 0.5 } })).rejects.toThrow('`checkpoint.everySteps`');
    trainer.dispose();
  });
});

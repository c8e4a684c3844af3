import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { brightness, imagesAt } from '../fixtures/brightness.ts';
import { batchAt, momentumQueue, type Flaw, type QueueBatch } from '../fixtures/momentum-queue.ts';
import { conformanceChecks } from './conformance-checks.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import { testPretextTask } from './test-pretext-task.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
  await tf.setBackend('cpu');
});

/** The failing checks' numbers and messages. */
async function failures(flaw?: Flaw, options: { dropoutRate?: number } = {}): Promise<Record<number, string>> {
  const { task, forget } = momentumQueue(flaw, options);
  const found: Record<number, string> = {};
  for (const { number, run } of conformanceChecks({
    task,
    batchAt,
    backends: ['cpu', 'wasm'],
  }))
    await run().catch((error: unknown) => {
      found[number] = (error as Error).message;
    });
  forget();
  return found;
}

describe('conformanceChecks', () => {
  it('passes a momentum contrast that does everything right, and leaves the backend as it was', async () => {
    expect(await failures()).toEqual({});
    expect(tf.getBackend()).toBe('cpu');
  });

  it('passes the same with dropout', async () => {
    expect(await failures(undefined, { dropoutRate: 0.3 })).toEqual({});
  });

  it('passes a vision transformer that drops paths, in a task without embed', async () => {
    const checks = conformanceChecks({ task: brightness(), batchAt: imagesAt, backends: ['cpu'] });
    for (const { run } of checks) await run();
    expect(checks.filter(({ skipped }) => skipped !== undefined).map(({ number }) => number)).toEqual([]);
  });

  it.each<[Flaw, [number, ...number[]], string]>([
    ['bad-name', [1], '`task.name` must be kebab-case, such as my-task, got "Momentum_Queue"'],
    ['other-contract', [1], '`task.api` must be 1'],
    ['shared-variable', [2, 4], 'this one has `trainable/online/kernel` and `buffers/backbone`'],
    ['backbone-not-saved', [2, 4], '`trainable/kernel` of the encoder `online` must be in `trainable`, `buffers` or `frozen`'],
    ['no-encoder', [2], '`encoders` must hold at least one encoder, got none'],
    ['nan-loss', [3, 4, 12], 'the loss at step 2 must be finite, got NaN'],
    ['vector-loss', [3, 11], 'the loss at step 0 must be a float32 scalar, got float32 of shape [4]'],
    ['dead-variable', [4], '`unused` got none'],
    ['teacher-in-trainable', [4], '`afterStep` writes `target/kernel`, which is trainable'],
    ['teacher-in-loss', [4], "a gradient reaches the teacher's `target/kernel`"],
    ['embed-writes', [5, 9], '`embed` writes `buffers/pointer`'],
    ['loss-writes', [5, 9], '`loss` writes `buffers/pointer`'],
    ['loss-enqueues', [5, 9, 10, 11], '`loss` writes `buffers/queue`'],
    ['targets-write', [5, 9, 10, 14], '`targets` writes `buffers/queue`'],
    ['random-in-embed', [5], '`embed` twice with one context must give one value, `queries` differs; draw from `ctx.stream`, by name'],
    ['random-in-loss', [5], '`loss` twice with one context must give one value'],
    ['random-outside-of-seed', [6], 'two runs of one seed must be the same, the loss of step 0'],
    ['deaf-to-seed', [6], 'runs of two seeds must differ'],
    [
      'queue-not-saved',
      [7],
      'after it `trainable/online/kernel`, `buffers/target/kernel` differ; is all state in `trainable` and `buffers`? Variables that `create` makes and that are in neither: float32 [8, 3]',
    ],
    ['head-not-trained', [2], 'neither trained nor saved: float32 [3, 3]'],
    ['pointer-not-saved', [7], 'a run restored after step 3 must go on as the one that was not'],
    ['leak', [8], 'a step must leave as many tensors as it found, 1 more after step 1: float32 [4, 4] made by BatchMatMul'],
    ['create-leak', [8], '`dispose` must dispose everything that `create` made, 1 tensors are left: float32 [] made from values'],
    ['evaluation-writes', [9], 'with `training: false` nothing may be written, `buffers/queue` is'],
    ['evaluation-counts', [9, 7], 'an evaluation between the steps must change nothing'],
    ['other-calls', [10], 'both ranks must make the same collective calls, got 1 and 2'],
    ['wrong-gradient', [11], 'the gradient of `online/kernel` along itself must be'],
    ['no-such-kernel', [12], 'no kernel for it'],
    ['rows-in-embed', [13, 10, 14], '`embed` must say about each sample what it says alone: a batch of half the samples changes `queries`'],
    ['crops-in-rows', [13], '`crops` of `embed` must have 4 rows on axis 0, one for each sample of the batch, got shape [8, 3]'],
    ['targets-without-rows', [13], '`count` of `targets` must have 4 rows on axis 0, one for each sample of the batch, got shape [1]'],
    ['rows-in-targets', [14, 10], 'of two micro-batches must be that of one batch with the rows of both'],
    ['frozen-changes', [15, 7], 'what is in `frozen` must never change, `scale` does in step 0; what changes belongs in `buffers`'],
    ['frozen-differs', [15], '`frozen` must hold the same in each run, since a checkpoint holds its hash only, `other` has other values'],
    ['ranks-forgotten', [16], 'while training the encoder `online` must get `synchronize` of the context'],
    ['statistics-always', [16], 'with `updateStatistics: false` the encoder `online` must write nothing, it writes `buffers/mean`'],
  ])('rejects the flaw %s by the checks %j', async (flaw, [first, ...more], message) => {
    const found = await failures(flaw);
    expect(found[first]).toContain(message);
    // what is random may pass by luck where only numbers are compared
    if (!flaw.startsWith('random')) expect(Object.keys(found).map(Number)).toEqual([first, ...more].sort((a, b) => a - b));
  });
});

describe('options', () => {
  const { task } = momentumQueue();

  it.each([
    [{ learningRate: 0 }, '`learningRate` must be > 0, got 0'],
    [{ steps: 3 }, '`steps` must be an integer >= 4, got 3'],
    [{ gradientSamples: -1 }, '`gradientSamples` must be an integer >= 0, got -1'],
  ])('%j is refused', (options, message) => {
    expect(() => conformanceChecks({ task, batchAt, ...options })).toThrow(`conformanceChecks: ${message}`);
  });

  const failing = async (options: Partial<ConformanceOptions<QueueBatch>>, flaw?: Flaw) => {
    const found: string[] = [];
    for (const { name, run } of conformanceChecks({ task: momentumQueue(flaw).task, batchAt, ...options }))
      await run().catch((error: unknown) => found.push(`${name}: ${(error as Error).message}`));
    return found;
  };

  it('a skipped check says why and passes', async () => {
    const skip = { ranks: 'no gathering', differences: 'a stop-gradient' };
    const checks = conformanceChecks({ task: momentumQueue('rows-in-targets').task, batchAt, skip });
    expect(checks.flatMap(({ number, skipped }) => (skipped === undefined ? [] : [[number, skipped]]))).toEqual([
      [10, 'no gathering'],
      [11, 'a stop-gradient'],
      [14, 'no gathering'],
    ]);
    await expect(checks[9]!.run()).resolves.toBeUndefined();
    await expect(checks[13]!.run()).resolves.toBeUndefined();
  });

  it('statistics, afterStepWrites, split and backends are used', async () => {
    expect(await failing({ statistics: /variance$/ })).toEqual([
      expect.stringContaining('`targets` writes `buffers/target/mean`'),
      expect.stringContaining('`online/mean` after two micro-batches must be that after one batch with the rows of both'),
    ]);
    expect(await failing({ afterStepWrites: ['target/kernel'] }, 'teacher-in-trainable')).toEqual([]);
    const same = ({ images }: QueueBatch) => ({ images: tf.clone(images) });
    expect(await failing({ split: same })).toEqual([
      expect.stringContaining('10 two ranks give the gradients of one'),
      expect.stringContaining('14 accumulated micro-batches give the gradients of one batch'),
    ]);
    expect(await failing({ backends: ['cpu', 'abacus'] })).toEqual([expect.stringContaining('the backend abacus does not start')]);
    expect(tf.getBackend()).toBe('cpu');
  });

  it('a batch that is not the same twice is refused, and one that has no halves', async () => {
    const random = () => ({ images: tf.randomNormal<tf.Rank.R2>([4, 5]) });
    expect((await failing({ batchAt: random })).join()).toContain('`batchAt` must give the same values for the same step');
    const odd = (step: number) => tf.tidy(() => ({ images: tf.slice(batchAt(step).images, [0, 0], [3, 5]) }));
    expect((await failing({ batchAt: odd })).join()).toContain('`images` of the batch must have an even number of rows, got [3, 5]');
  });
});

describe('testPretextTask', () => {
  it('names each check that fails', async () => {
    const { task, forget } = momentumQueue('bad-name');
    await testPretextTask({ task: momentumQueue().task, batchAt });
    await expect(testPretextTask({ task, batchAt })).rejects.toThrow(
      'testPretextTask: Momentum_Queue fails 1 of 16 checks\n- 1 the name is kebab-case, the contract is known: `task.name` must be',
    );
    forget();
  });
});

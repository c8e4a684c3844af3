import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
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
async function failures(flaw?: Flaw): Promise<Record<number, string>> {
  const { task, forget } = momentumQueue(flaw);
  const found: Record<number, string> = {};
  for (const { number, run } of conformanceChecks({ task, batchAt, backends: ['cpu', 'wasm'] }))
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

  it.each<[Flaw, [number, ...number[]], string]>([
    ['bad-name', [1], '`task.name` must be kebab-case, such as my-task, got "Momentum_Queue"'],
    ['other-contract', [1], '`task.api` must be 1'],
    ['shared-variable', [2, 4], 'this one has `trainable/online/kernel` and `buffers/backbone`'],
    ['backbone-not-saved', [2, 4], '`trainable/kernel` of the backbone must be in `trainable` or `buffers`'],
    ['nan-loss', [3, 4, 12], 'the loss at step 2 must be finite, got NaN'],
    ['vector-loss', [3, 10, 11], 'the loss at step 0 must be a float32 scalar, got float32 of shape [4]'],
    ['dead-variable', [4], '`unused` got none'],
    ['teacher-in-trainable', [4], '`afterStep` writes `target/kernel`, which is trainable'],
    ['teacher-in-loss', [4], "a gradient reaches the teacher's `target/kernel`"],
    ['loss-writes', [5, 9], '`loss` writes `buffers/pointer`'],
    ['loss-enqueues', [5, 9, 10, 11], '`loss` writes `buffers/queue`'],
    ['targets-write', [5, 9, 10], '`targets` writes `buffers/queue`'],
    ['random-in-loss', [5], '`loss` twice with one context must give one value'],
    ['random-outside-of-seed', [6], 'two runs of one seed must be the same, the loss of step 0'],
    ['deaf-to-seed', [6], 'runs of two seeds must differ'],
    ['queue-not-saved', [7], 'a run restored after step 3 must go on as the one that was not, the loss of step 3'],
    ['pointer-not-saved', [7], 'a run restored after step 3 must go on as the one that was not'],
    ['leak', [8], 'a step must leave as many tensors as it found, 1 more after step 1'],
    ['create-leak', [8], '`dispose` must dispose everything that `create` made, 1 tensors are left'],
    ['evaluation-writes', [9], 'with `training: false` nothing may be written, `buffers/queue` is'],
    ['evaluation-counts', [9, 7], 'an evaluation between the steps must change nothing'],
    ['no-gather', [10], 'of two ranks with half a batch each must be that of one with the whole'],
    ['other-calls', [10], 'both ranks must make the same collective calls, got 1 and 2'],
    ['wrong-gradient', [11], 'the gradient of `online/kernel` along itself must be'],
    ['no-such-kernel', [12], 'no kernel for it'],
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
    const checks = conformanceChecks({ task: momentumQueue('no-gather').task, batchAt, skip });
    expect(checks.flatMap(({ number, skipped }) => (skipped === undefined ? [] : [[number, skipped]]))).toEqual([
      [10, 'no gathering'],
      [11, 'a stop-gradient'],
    ]);
    await expect(checks[9]!.run()).resolves.toBeUndefined();
  });

  it('statistics, afterStepWrites, split and backends are used', async () => {
    expect(await failing({ statistics: /variance$/ })).toEqual([expect.stringContaining('`targets` writes `buffers/target/mean`')]);
    expect(await failing({ afterStepWrites: ['target/kernel'] }, 'teacher-in-trainable')).toEqual([]);
    const same = ({ images }: QueueBatch) => ({ images: tf.clone(images) });
    expect(await failing({ split: same })).toEqual([expect.stringContaining('10 two ranks give the gradients of one')]);
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
      'testPretextTask: Momentum_Queue fails 1 of 12 checks\n- 1 the name is kebab-case, the contract is known: `task.name` must be',
    );
    forget();
  });
});

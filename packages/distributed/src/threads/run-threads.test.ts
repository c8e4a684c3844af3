import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { expectFindings } from '../../fixtures/expect-findings.ts';
import type { Findings } from '../../fixtures/rank-program.ts';
import { joinThreads, runThreads, type RunThreadsOptions } from './run-threads.ts';

const script = new URL('../../fixtures/thread-rank.ts', import.meta.url);
const run = async (options: Omit<RunThreadsOptions, 'script'>) => {
  const messages: unknown[] = [];
  const error = await runThreads({ script, onMessage: (message) => messages.push(message), ...options }).then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  return { messages, error };
};

describe.skipIf(!process.features.typescript)('runThreads', () => {
  // small slots: everything goes in several turns; 1 stands for 64 bytes for each rank, the least
  it.each([
    [1, {}],
    [2, { slotBytes: 1 }],
    [3, { slotBytes: 4096 }],
  ])('%d ranks see the numbers of all, to the bit, and gradients through what they gather', async (worldSize, options) => {
    const { messages, error } = await run({ worldSize, data: 'program', ...options });
    expect(error).toBeUndefined();
    expectFindings(messages as Findings[], worldSize);
  });

  it('more ranks than cores keep in step over thousands of exchanges', async () => {
    const { messages, error } = await run({ worldSize: 6, data: 'many', timeoutSeconds: 20 });
    expect(error).toBeUndefined();
    expect(messages).toEqual([0, 0, 0, 0, 0, 0]);
  }, 30_000);

  it.each([
    ['throw', 'rank 1 of 2 ended too early: on purpose'],
    ['exit', 'rank 1 of 2 ended too early: it exited with code 3'],
  ])('a rank that ends early (%s) ends the others with an error', async (data, message) => {
    const { messages, error } = await run({ worldSize: 2, data });
    expect(error?.message).toBe(message);
    expect(messages).toEqual(['rank 1 is gone; rank 0 cannot go on without it. Continue from the checkpoint']);
  });

  it('a rank that loops is waited for until the time is over', async () => {
    const { messages, error } = await run({ worldSize: 2, data: 'loop', timeoutSeconds: 1, graceSeconds: 0.5 });
    expect(messages).toEqual([
      'rank 0 waited 1 seconds for the others; one of them stands still, or is slower than `timeoutSeconds` allows',
    ]);
    expect(error?.message).toContain('rank 0 of 2 ended too early');
  }, 20_000);

  it('a rank that cannot be ended is named, and nobody waits for it', async () => {
    const stuck: number[] = [];
    const onStuck = (ranks: readonly number[]) => stuck.push(...ranks);
    const { error } = await run({ worldSize: 2, data: 'sleep', timeoutSeconds: 0.5, graceSeconds: 0.2, onStuck });
    expect(stuck).toEqual([1]);
    expect(error?.message).toMatch(/^rank 0 of 2 ended too early: .*; rank 1 cannot be ended, and this process must be$/);
  }, 20_000);

  it('joinThreads outside of a job says what is missing', () => {
    expect(() => joinThreads()).toThrow('joinThreads: this thread was not started by `runThreads`; give it this module as `script`');
  });
});

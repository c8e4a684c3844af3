import { SelfsupError } from '@selfsup/core';
import { Worker, workerData } from 'node:worker_threads';
import { createCollective, type CollectiveOptions, type RankCollective } from '../create-collective.ts';
import { loseRank, shareRanks, threadTransport, type ShareRanksOptions, type SharedRanks } from './shared-ranks.ts';

/** Options of {@link runThreads}. */
export interface RunThreadsOptions extends ShareRanksOptions {
  /** The module that each rank runs; it calls {@link joinThreads}. */
  script: string | URL;
  /** How many ranks train together, ≥ 1. */
  worldSize: number;
  /** What each rank finds as `data` of {@link joinThreads}; must be cloneable. */
  data?: unknown;
  /** Seconds that ranks have to end by themselves after one is lost, ≥ 0; default 10. Then they are terminated. */
  graceSeconds?: number;
  /** Told of the messages that ranks post. */
  onMessage?: (message: unknown, rank: number) => void;
}

interface ThreadData {
  readonly ranks: SharedRanks;
  readonly rank: number;
  readonly data: unknown;
}

/**
 * Trains on several threads of this process, each with a backend and a heap of its own; resolves when all have ended.
 *
 * @param options see {@link RunThreadsOptions}
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range; `SELFSUP_COLLECTIVE` with the first rank that threw, exited with another code than 0 or ran
 * out of memory as its cause, after the others have ended: they get an error where they wait for it, and one that does not end within `graceSeconds` is terminated
 * @remarks This thread only watches: it must not be a rank, since it hears of their ends. Threads inside one operation, `threads` of `selectBackend`, serve one
 * machine better unless a heap of 4 GiB is too small.
 */
export async function runThreads({ script, worldSize, data, onMessage, graceSeconds = 10, ...options }: RunThreadsOptions): Promise<void> {
  const ranks = shareRanks(worldSize, options);
  let first: { rank: number; error: unknown } | undefined;
  const lose = (rank: number, error: unknown): void => {
    first ??= { rank, error };
    loseRank(ranks, rank);
  };
  const workers = Array.from({ length: worldSize }, (_, rank) => {
    const worker = new Worker(script, { workerData: { ranks, rank, data } satisfies ThreadData });
    worker.on('message', (message: unknown) => onMessage?.(message, rank));
    const ended = new Promise<void>((resolve) => {
      worker.on('error', (error) => {
        lose(rank, error);
      });
      worker.on('exit', (code) => {
        if (code !== 0) lose(rank, new Error(`it exited with code ${code}`));
        resolve();
      });
    });
    return { worker, ended };
  });
  const anyLost = async (): Promise<void> => {
    await Promise.race(workers.map(({ ended }) => ended));
    while (first === undefined) {
      const open = await Promise.race([Promise.all(workers.map(({ ended }) => ended)).then(() => false), wait(100).then(() => true)]);
      if (!open) return;
    }
    await Promise.race([Promise.all(workers.map(({ ended }) => ended)), wait(1000 * graceSeconds)]);
    await Promise.all(workers.map(({ worker }) => worker.terminate()));
  };
  await anyLost();
  await Promise.all(workers.map(({ ended }) => ended));
  if (first) {
    const { rank, error } = first;
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      `rank ${rank} of ${worldSize} ended too early: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

/**
 * In a thread of {@link runThreads}: the other ranks.
 *
 * @param options see {@link CollectiveOptions}
 * @returns the collective, and what `runThreads` was given as `data`
 * @throws SelfsupError `SELFSUP_STATE` in any other thread
 */
export function joinThreads(options: CollectiveOptions = {}): { readonly collective: RankCollective; readonly data: unknown } {
  const given = workerData as Partial<ThreadData> | null;
  if (!given?.ranks)
    throw new SelfsupError('SELFSUP_STATE', 'joinThreads: this thread was not started by `runThreads`; give it this module as `script`');
  return { collective: createCollective(threadTransport(given.ranks, given.rank!), options), data: given.data };
}

import { SelfsupError } from '@selfsup/core';
import { getHeapStatistics } from 'node:v8';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { createCollective, type CollectiveOptions, type RankCollective } from '../create-collective.ts';
import { loseRank, shareRanks, threadTransport, type ShareRanksOptions, type SharedRanks } from './shared-ranks.ts';
import type { Transport } from '../transport.ts';

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
  /** Aborted: each rank's `signal` of {@link joinThreads} is, too; signals of the process do not reach threads. */
  signal?: AbortSignal;
  /**
   * Told, before the error is thrown, of ranks that cannot be ended, as inside a system call or a loop that the engine does not interrupt. They stay as they are,
   * and the process cannot exit while they do: end it by a signal (SIGKILL).
   */
  onStuck?: (ranks: readonly number[]) => void;
  /** Told of the messages that ranks post. */
  onMessage?: (message: unknown, rank: number) => void;
}

interface ThreadData {
  readonly ranks: SharedRanks;
  readonly rank: number;
  readonly data: unknown;
}

/** What a rank of {@link runThreads} is told to stop by. */
const STOP = 'selfsup: stop';

/** What {@link joinThreads} gives. */
export interface JoinedThread {
  /** The other ranks. */
  readonly collective: RankCollective;
  /** What `runThreads` was given as `data`. */
  readonly data: unknown;
  /** Aborted when that of `runThreads` is. */
  readonly signal: AbortSignal;
}

/** Whether this thread is a rank of {@link runThreads}. */
export const isRankThread = (): boolean => (workerData as Partial<ThreadData> | null)?.ranks !== undefined;

/**
 * Trains on several threads of this process, each with a backend and a heap of its own; resolves when all have ended.
 *
 * @param options see {@link RunThreadsOptions}
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range; `SELFSUP_COLLECTIVE` with the first rank that threw, exited with another code than 0 or ran
 * out of memory as its cause, after the others have ended: they get an error where they wait for it, and one that does not end within `graceSeconds` is terminated;
 * after as long again it is left as it is, see `onStuck`
 * @remarks This thread only watches: it must not be a rank, since it hears of their ends. Threads inside one operation, `threads` of `selectBackend`, serve one
 * machine better unless a heap of 4 GiB is too small.
 */
export async function runThreads(options: RunThreadsOptions): Promise<void> {
  const { script, worldSize, data, onMessage, onStuck, signal, graceSeconds = 10, ...shared } = options;
  const ranks = shareRanks(worldSize, shared);
  let first: { rank: number; error: unknown } | undefined;
  const lose = (rank: number, error: unknown): void => {
    first ??= { rank, error };
    loseRank(ranks, rank);
  };
  // the limit that the process has, said outright: without one, a thread that fills its heap took 8 GB and twice the time until Node 24 ended it
  const resourceLimits = { maxOldGenerationSizeMb: Math.ceil(getHeapStatistics().heap_size_limit / 2 ** 20) };
  const running = new Map<number, Worker>();
  const ends = Array.from({ length: worldSize }, (_, rank) => {
    const worker = new Worker(script, { workerData: { ranks, rank, data } satisfies ThreadData, resourceLimits });
    worker.on('message', (message: unknown) => onMessage?.(message, rank));
    const ended = new Promise<void>((resolve) => {
      worker.on('error', (error) => {
        lose(rank, error);
      });
      worker.on('exit', (code) => {
        if (code !== 0) lose(rank, new Error(`it exited with code ${code}`));
        running.delete(rank);
        resolve();
      });
    });
    running.set(rank, worker);
    return ended;
  });
  const stop = (): void => {
    for (const worker of running.values()) worker.postMessage(STOP);
  };
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  const all = Promise.all(ends);
  const allWithin = (milliseconds: number) => Promise.race([all.then(() => true), wait(milliseconds).then(() => false)]);
  await Promise.race(ends);
  while (first === undefined && !(await allWithin(100)));
  if (!(await allWithin(1000 * graceSeconds))) for (const worker of running.values()) void worker.terminate();
  if (!(await allWithin(1000 * graceSeconds))) {
    for (const worker of running.values()) worker.unref();
    onStuck?.([...running.keys()]);
  }
  signal?.removeEventListener('abort', stop);
  if (first) {
    const { rank, error } = first;
    const stay = running.size > 0 ? `; rank ${[...running.keys()].join(', ')} cannot be ended, and this process must be` : '';
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      `rank ${rank} of ${worldSize} ended too early: ${error instanceof Error ? error.message : String(error)}${stay}`,
      { cause: error },
    );
  }
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

/** What a thread has of its job, made once. */
let seat: { readonly transport: Transport; readonly signal: AbortSignal } | undefined;

function takeSeat({ ranks, rank }: ThreadData): NonNullable<typeof seat> {
  const controller = new AbortController();
  parentPort!.on('message', (message: unknown) => {
    if (message === STOP) controller.abort();
  });
  parentPort!.unref(); // it keeps no thread alive
  return { transport: threadTransport(ranks, rank), signal: controller.signal };
}

/**
 * In a thread of {@link runThreads}: the other ranks.
 *
 * @param options see {@link CollectiveOptions}
 * @returns the collective, what `runThreads` was given as `data`, and a signal that is aborted when that of `runThreads` is
 * @throws SelfsupError `SELFSUP_STATE` in any other thread
 */
export function joinThreads(options: CollectiveOptions = {}): JoinedThread {
  const given = workerData as Partial<ThreadData> | null;
  if (!given?.ranks)
    throw new SelfsupError('SELFSUP_STATE', 'joinThreads: this thread was not started by `runThreads`; give it this module as `script`');
  seat ??= takeSeat(given as ThreadData);
  return { collective: createCollective(seat.transport, options), data: given.data, signal: seat.signal };
}

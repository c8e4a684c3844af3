import { SelfsupError } from '@selfsup/core';
import { createCollective, type CollectiveOptions, type RankCollective } from './create-collective.ts';
import { findLauncher } from './launcher.ts';
import { mpiTransport } from './mpi/mpi-transport.ts';
import { isRankThread, joinThreads } from './threads/run-threads.ts';

/** What carries the ranks of a job. */
export type Engine = 'auto' | 'mpi' | 'threads' | 'off';

/** Options of {@link joinRanks}. */
export interface JoinRanksOptions extends CollectiveOptions {
  /** `auto` (default): the job that this process or thread was started as a part of, if any; `mpi` and `threads`: as a part of such a job only; `off`: none. */
  engine?: Engine;
  /** Seconds that a rank waits for the others before it ends the job, > 0; default 1800. Threads have what `runThreads` was given. */
  timeoutSeconds?: number;
  /** Where launchers leave their numbers; default the environment of the process. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** What {@link joinRanks} gives. */
export interface JoinedRanks {
  /** The other ranks; to be closed at the end. */
  readonly collective: RankCollective;
  /** Aborted when this rank is told to stop otherwise than by a signal of its process. */
  readonly signal: AbortSignal;
  /** How many ranks of the job are on this machine, as far as it is known. */
  readonly localSize: number;
}

/**
 * Joins the ranks that this process or thread was started with: by `mpirun`, `srun`, or `runThreads`.
 *
 * @param options see {@link JoinRanksOptions}
 * @returns see {@link JoinedRanks}; undefined where the process is on its own
 * @throws SelfsupError `SELFSUP_COLLECTIVE` when MPI cannot be had, or when processes were started that do not know of one another, each of which would train
 * alone: by `torchrun`, or by `srun` without an MPI; `SELFSUP_STATE` for an engine that did not start this process
 * @example
 * ```ts
 * import { joinRanks } from '@selfsup/distributed';
 * const ranks = await joinRanks();
 * console.log(ranks?.collective.description ?? 'alone');
 * await ranks?.collective.close();
 * ```
 */
export async function joinRanks(options: JoinRanksOptions = {}): Promise<JoinedRanks | undefined> {
  const { engine = 'auto', environment = process.env, timeoutSeconds, ...others } = options;
  if (engine === 'off') return undefined;
  if (isRankThread() && engine !== 'mpi') {
    const { collective, signal } = joinThreads(others);
    return { collective, signal, localSize: collective.worldSize };
  }
  if (engine === 'threads') throw new SelfsupError('SELFSUP_STATE', 'joinRanks: this thread was not started by `runThreads`');
  const launcher = findLauncher(environment);
  if (!launcher) {
    const [size, rank] = [environment['WORLD_SIZE'], environment['RANK']];
    if (Number(size) > 1 && rank !== undefined)
      throw new SelfsupError(
        'SELFSUP_COLLECTIVE',
        `WORLD_SIZE is ${size} and RANK is ${rank}, as torchrun sets them, but no MPI started this process: each would train alone. Start it with mpirun or srun, or unset the two`,
      );
    if (engine === 'auto') return undefined;
    throw new SelfsupError('SELFSUP_STATE', 'joinRanks: no MPI started this process; start it with mpirun or srun');
  }
  if (launcher.worldSize === 1 && engine === 'auto') return undefined;
  const transport = await mpiTransport({ launcher, ...(timeoutSeconds !== undefined && { timeoutSeconds }) });
  return { collective: createCollective(transport, others), signal: new AbortController().signal, localSize: launcher.localSize ?? 1 };
}

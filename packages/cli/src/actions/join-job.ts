import { availableParallelism } from 'node:os';
import { SelfsupError } from '@selfsup/core';
import { findLauncher, isRankThread, joinRanks, type JoinedRanks } from '@selfsup/distributed';
import type { RankFlags } from '../flags/rank-flags.ts';
import type { CommandConfig } from '../plugins/load-config.ts';
import { holdLifeline, isLaunched } from './lifelines.ts';

/** A rank of a job, and what is different for it. */
export interface Job extends JoinedRanks {
  /** How many threads compute: the cores that the process may use, divided among its ranks, unless the user says. */
  readonly threads: CommandConfig['threads'];
  /** The flags that start such a job again, where this command started it; undefined where mpirun or srun did. */
  readonly launched: string | undefined;
  /** Leaves the others in good order; what comes after it concerns this rank alone. */
  readonly leave: () => Promise<void>;
}

/** What `--distributed` names must have started this process. */
function checkEngine({ distributed, ranks = 1 }: RankFlags): void {
  if (isRankThread()) return;
  const launcher = findLauncher();
  if (distributed === 'threads' && launcher)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `--distributed threads: ${launcher.name} started this process as one of ${launcher.worldSize}; leave the flag out, or start the command without a launcher, with --ranks`,
    );
  if (distributed === 'threads' && ranks === 1)
    throw new SelfsupError('SELFSUP_OPTION', '--distributed threads needs to know how many ranks; add --ranks, 2 or more');
  if (distributed === 'mpi' && !launcher)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      '--distributed mpi: no MPI started this process; start it with mpirun or srun, or add --ranks, 2 or more, and selfsup calls mpirun',
    );
}

/**
 * Joins the ranks that this process was started with.
 *
 * @param flags as the user gave them
 * @param config with the threads that the user wants, if any
 * @returns undefined where the process is on its own
 * @throws SelfsupError `SELFSUP_OPTION` for an engine that did not start this process; else as `joinRanks`
 */
export async function joinJob(flags: RankFlags, { threads }: Pick<CommandConfig, 'threads'>): Promise<Job | undefined> {
  const { distributed, compressGradients, rankTimeout } = flags;
  checkEngine(flags);
  const joined = await joinRanks({
    ...(distributed && { engine: distributed }),
    ...(compressGradients && { compression: compressGradients }),
    ...(rankTimeout !== undefined && { timeoutSeconds: rankTimeout }),
  });
  if (!joined) return undefined;
  const sayFarewell = joined.collective.kind === 'mpi' ? await holdLifeline() : undefined;
  const { worldSize, kind } = joined.collective;
  const launched = kind === 'threads' ? ` --ranks ${worldSize}` : isLaunched() ? ` --ranks ${worldSize} --distributed mpi` : undefined;
  const leave = async () => {
    await joined.collective.close();
    await sayFarewell?.();
  };
  const share = Math.max(1, Math.floor(availableParallelism() / joined.localSize));
  return { ...joined, leave, launched, threads: threads === undefined || threads === 'auto' ? share : threads };
}

/** Rank 0 speaks first; what all ranks complain of is said once, since its end ends them. */
const PATIENCE = 1500;

/** Waits, on another rank than the first, before an error is told. */
export async function letFirstSpeak({ collective: { rank, kind } }: JoinedRanks): Promise<void> {
  if (rank !== 0 && kind === 'mpi') await new Promise((resolve) => setTimeout(resolve, PATIENCE));
}

import { availableParallelism } from 'node:os';
import { joinRanks, type JoinedRanks } from '@selfsup/distributed';
import type { RankFlags } from '../flags/rank-flags.ts';
import type { CommandConfig } from '../plugins/load-config.ts';
import { holdLifeline } from './lifelines.ts';

/** A rank of a job, and what is different for it. */
export interface Job extends JoinedRanks {
  /** How many threads compute: the cores of the machine, divided among its ranks, unless the user says. */
  readonly threads: CommandConfig['threads'];
  /** Leaves the others in good order; what comes after it concerns this rank alone. */
  readonly leave: () => Promise<void>;
}

/**
 * Joins the ranks that this process was started with.
 *
 * @param flags as the user gave them
 * @param config with the threads that the user wants, if any
 * @returns undefined where the process is on its own
 */
export async function joinJob(flags: RankFlags, { threads }: Pick<CommandConfig, 'threads'>): Promise<Job | undefined> {
  const { distributed, compressGradients, rankTimeout } = flags;
  const joined = await joinRanks({
    ...(distributed && { engine: distributed }),
    ...(compressGradients && { compression: compressGradients }),
    ...(rankTimeout !== undefined && { timeoutSeconds: rankTimeout }),
  });
  if (!joined) return undefined;
  const sayFarewell = joined.collective.kind === 'mpi' ? await holdLifeline() : undefined;
  const leave = async () => {
    await joined.collective.close();
    await sayFarewell?.();
  };
  const share = Math.max(1, Math.floor(availableParallelism() / joined.localSize));
  return { ...joined, leave, threads: threads === undefined || threads === 'auto' ? share : threads };
}

/** Rank 0 speaks first; what all ranks complain of is said once, since its end ends them. */
const PATIENCE = 1500;

/** Waits, on another rank than the first, before an error is told. */
export async function letFirstSpeak({ collective: { rank, kind } }: JoinedRanks): Promise<void> {
  if (rank !== 0 && kind === 'mpi') await new Promise((resolve) => setTimeout(resolve, PATIENCE));
}

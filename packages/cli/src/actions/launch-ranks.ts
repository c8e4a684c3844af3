import { setTimeout } from 'node:timers/promises';
import { isSelfsupError, SelfsupError } from '@selfsup/core';
import { findLauncher, isRankThread, runThreads } from '@selfsup/distributed';
import { FAILED, INTERRUPTED, NOT_BEGUN, REFUSED } from '../exit-codes.ts';
import type { RankFlags } from '../flags/rank-flags.ts';
import type { Output } from '../output/output.ts';
import { stopOnInterrupt } from '../stop-on-interrupt.ts';
import { launchMpi } from './launch-mpi.ts';
import { isLaunched } from './lifelines.ts';

/** The command, as a script of its own. */
const script = new URL(import.meta.url.endsWith('.ts') ? '../bin.ts' : './bin.js', import.meta.url);

/** What {@link launchRanks} starts. */
export interface LaunchOptions {
  /** The command line of each rank: that of this process, but for what concerns the launch. */
  readonly argv: readonly string[];
  readonly flags: RankFlags;
  readonly output: Output;
  /** Seconds between two starts; default 3: a launcher may end before its ranks have, and they hold the folder of the run. */
  readonly restSeconds?: number;
}

/** What a thread says at its end. */
interface RankEnd {
  readonly exitCode: number;
  /** What it wrote to standard error; of the first rank it has been seen. */
  readonly complaint: string;
}

/** Whether this process is to start ranks, and not to be one. */
export const mustLaunch = ({ ranks = 1, distributed }: RankFlags): boolean =>
  ranks > 1 && distributed !== 'off' && !isRankThread() && findLauncher() === undefined;

/**
 * Refuses more ranks than a batch has samples before they are started, where the size of a batch is said already.
 *
 * @throws SelfsupError `SELFSUP_OPTION`
 */
export function checkBatch({ batchSize }: { readonly batchSize?: number | undefined }, { ranks = 1 }: RankFlags): void {
  if (batchSize !== undefined && batchSize > 0 && ranks > batchSize)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `--ranks must be at most --batch-size, since ranks share each batch, got ${ranks} ranks for a batch of ${batchSize}`,
    );
}

/** Seconds that ranks wait for one another, unless the user says. */
const TIMEOUT = 1800;

/** A command line without a flag and its value. */
export function withoutFlag(argv: readonly string[], flag: string): string[] {
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++)
    if (argv[i] === flag) i++;
    else if (!argv[i]!.startsWith(`${flag}=`)) rest.push(argv[i]!);
  return rest;
}

/** A run that is there goes on. */
const resumed = (argv: readonly string[]): string[] => {
  const rest = argv.filter((word) => word !== '--overwrite' && word !== '--resume');
  return [...rest, '--resume'];
};

const isFailure = (code: number): boolean => [FAILED, NOT_BEGUN, REFUSED].includes(code);

/**
 * The exit code of a rank after an error before the run has begun, which tells {@link launchRanks} what to do.
 *
 * @returns undefined for a process that is no such rank
 */
export function codeBeforeBegin(error: unknown): number | undefined {
  if (!isRankThread() && !isLaunched()) return undefined;
  return isSelfsupError(error) && error.code === 'SELFSUP_OPTION' ? REFUSED : NOT_BEGUN;
}

async function launchThreads(
  argv: readonly string[],
  {
    flags: { ranks, rankTimeout = TIMEOUT },
    signal,
    onStuck,
  }: { flags: RankFlags; signal: AbortSignal; onStuck: (ranks: readonly number[]) => void },
): Promise<number> {
  let code = 0;
  const complaints: { rank: number; complaint: string }[] = [];
  const onMessage = (message: unknown, rank: number) => {
    const ended = message as Partial<RankEnd> | null;
    if (ended?.exitCode === undefined) return;
    if (rank === 0 || (isFailure(ended.exitCode) && !isFailure(code))) code = ended.exitCode;
    if (isFailure(ended.exitCode)) complaints.push({ rank, complaint: ended.complaint ?? '' });
  };
  try {
    await runThreads({ script, worldSize: ranks!, data: { argv }, timeoutSeconds: rankTimeout, signal, onMessage, onStuck });
  } catch (error) {
    if (!isFailure(code)) throw error; // else a rank has said why
  }
  const [cause] = complaints; // others complain of its loss, or of the same
  const seen = complaints.find(({ rank }) => rank === 0)?.complaint ?? '';
  if (cause && cause.rank !== 0 && !seen.includes(cause.complaint))
    process.stderr.write(cause.complaint.replace(/^selfsup: /, `selfsup: rank ${cause.rank}: `));
  return code;
}

/**
 * Starts the ranks of a command on this machine, and again from the checkpoint where they fail, as often as the flags say.
 *
 * @param options see {@link LaunchOptions}
 * @returns the exit code of rank 0
 * @throws SelfsupError `SELFSUP_COLLECTIVE` when a rank was lost without a word, or the launcher is not there or stays when it should end
 */
export async function launchRanks({ argv: given, flags, output, restSeconds = 3 }: LaunchOptions): Promise<number> {
  let argv = ['--ranks', '--max-restarts'].reduce((words, flag) => withoutFlag(words, flag), [...given]);
  const { signal, release } = stopOnInterrupt(output);
  let stuck = false;
  const onStuck = (ranks: readonly number[]) => {
    stuck = true;
    output.warn(
      `Rank ${ranks.join(', ')} cannot be ended: this process is killed, and nothing starts again by itself. Continue with --resume`,
    );
    process.once('exit', () => process.kill(process.pid, 'SIGKILL')); // an exit would wait for its threads
  };
  const launch = () =>
    flags.distributed === 'mpi'
      ? launchMpi({ script, argv, ranks: flags.ranks!, rankTimeout: flags.rankTimeout ?? TIMEOUT, signal })
      : launchThreads(argv, { flags, signal, onStuck });
  try {
    for (let left = flags.maxRestarts ?? 0; ; left--) {
      let failure: Error | undefined;
      const code = await launch().catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error));
        return FAILED;
      });
      if (code === 0 || code === INTERRUPTED || signal.aborted) return code;
      if (left === 0 || code === REFUSED || stuck) {
        if (failure) throw failure;
        return isFailure(code) ? FAILED : code;
      }
      const [why, from] = [failure ? `: ${failure.message}` : '', code === NOT_BEGUN ? '' : ' from its checkpoint'];
      output.warn(`The job failed${why}. It starts again${from}; restarts left: ${left - 1}`);
      await setTimeout(1000 * restSeconds);
      if (code !== NOT_BEGUN) argv = resumed(argv); // else a run that is there is not of this job
    }
  } finally {
    release();
  }
}

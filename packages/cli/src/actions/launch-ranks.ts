import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { printable, SelfsupError } from '@selfsup/core';
import { findLauncher, isRankThread, runThreads } from '@selfsup/distributed';
import { FAILED, INTERRUPTED } from '../exit-codes.ts';
import type { RankFlags } from '../flags/rank-flags.ts';
import type { Output } from '../output/output.ts';
import { stopOnInterrupt } from '../stop-on-interrupt.ts';

/** The command, as a script of its own. */
const script = new URL(import.meta.url.endsWith('.ts') ? '../bin.ts' : './bin.js', import.meta.url);

/** What {@link launchRanks} starts. */
export interface LaunchOptions {
  /** The command line of each rank: that of this process, but for what concerns the launch. */
  readonly argv: readonly string[];
  readonly flags: RankFlags;
  readonly output: Output;
}

/** What a thread says at its end. */
interface RankEnd {
  readonly exitCode: number;
  /** What it wrote to standard error; of the first rank it has been seen. */
  readonly complaint: string;
}

/** Milliseconds between two starts: a launcher may end before its ranks have, and they hold the folder of the run. */
const REST = 3000;

/** Whether this process is to start ranks, and not to be one. */
export const mustLaunch = ({ ranks = 1, distributed }: RankFlags): boolean =>
  ranks > 1 && distributed !== 'off' && !isRankThread() && findLauncher() === undefined;

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

async function launchThreads(argv: readonly string[], { ranks, rankTimeout }: RankFlags, signal: AbortSignal): Promise<number> {
  let code = 0;
  const complaints: { rank: number; complaint: string }[] = [];
  const onMessage = (message: unknown, rank: number) => {
    const ended = message as Partial<RankEnd> | null;
    if (ended?.exitCode === undefined) return;
    if (rank === 0 || ended.exitCode === FAILED) code = ended.exitCode;
    if (ended.exitCode === FAILED) complaints.push({ rank, complaint: ended.complaint ?? '' });
  };
  const timing = { timeoutSeconds: rankTimeout ?? 1800 };
  try {
    await runThreads({ script, worldSize: ranks!, data: { argv }, signal, onMessage, ...timing });
  } catch (error) {
    if (code !== FAILED) throw error; // else a rank has said why
  }
  const [cause] = complaints; // others complain of its loss, or of the same
  const seen = complaints.find(({ rank }) => rank === 0)?.complaint ?? '';
  if (cause && cause.rank !== 0 && !seen.includes(cause.complaint))
    process.stderr.write(cause.complaint.replace(/^selfsup: /, `selfsup: rank ${cause.rank}: `));
  return code;
}

/** Open MPI binds each rank to one core, which a Node process with its threads does not suit; as root it wants to be asked. */
const settings = {
  OMPI_MCA_hwloc_base_binding_policy: 'none',
  PRTE_MCA_hwloc_default_binding_policy: 'none',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  PRTE_MCA_rmaps_default_mapping_policy: ':oversubscribe',
  ...(process.getuid?.() === 0 && { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }),
};

function launchMpi(argv: readonly string[], { ranks }: RankFlags, signal: AbortSignal): Promise<number> {
  const program = process.env['MPIRUN'] ?? 'mpirun';
  const own = [process.execPath, ...process.execArgv, fileURLToPath(script), ...argv];
  return new Promise((resolve, reject) => {
    // a group of its own: Ctrl-C reaches this process alone, for mpirun would give its ranks a second
    const child = spawn(program, ['-n', String(ranks), ...own], { stdio: 'inherit', env: { ...settings, ...process.env }, detached: true });
    const stop = () => child.kill('SIGUSR1'); // which launchers pass on to their ranks
    const leave = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    signal.addEventListener('abort', stop);
    process.on('exit', leave);
    child.on('error', (error) => {
      reject(
        new SelfsupError(
          'SELFSUP_COLLECTIVE',
          `${printable(program)} could not be started (${error.message}); install Open MPI or MPICH, name the launcher in MPIRUN, or use --distributed threads`,
          { cause: error },
        ),
      );
    });
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      process.off('exit', leave);
      resolve(signal.aborted ? INTERRUPTED : killedBy ? FAILED : (code ?? FAILED));
    });
  });
}

/**
 * Starts the ranks of a command on this machine, and again from the checkpoint where they fail, as often as the flags say.
 *
 * @param options see {@link LaunchOptions}
 * @returns the exit code of rank 0
 * @throws SelfsupError `SELFSUP_COLLECTIVE` when a rank was lost without a word, or the launcher is not there
 */
export async function launchRanks({ argv: given, flags, output }: LaunchOptions): Promise<number> {
  const launch = flags.distributed === 'mpi' ? launchMpi : launchThreads;
  let argv = ['--ranks', '--max-restarts'].reduce((words, flag) => withoutFlag(words, flag), [...given]);
  const { signal, release } = stopOnInterrupt(output);
  try {
    for (let left = flags.maxRestarts ?? 0; ; left--) {
      let failure: Error | undefined;
      const code = await launch(argv, flags, signal).catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error));
        return FAILED;
      });
      if (code === 0 || code === INTERRUPTED || signal.aborted) return code;
      if (left === 0) {
        if (failure) throw failure;
        return code;
      }
      const why = failure ? `: ${failure.message}` : '';
      output.warn(`The job failed${why}. It starts again from its checkpoint; restarts left: ${left - 1}`);
      await setTimeout(REST);
      argv = resumed(argv);
    }
  } finally {
    release();
  }
}

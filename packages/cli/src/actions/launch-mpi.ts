import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { printable, SelfsupError } from '@selfsup/core';
import { FAILED, INTERRUPTED } from '../exit-codes.ts';
import { openLifelines } from './lifelines.ts';

/** Options of {@link launchMpi}. */
export interface LaunchMpiOptions {
  /** The script that each rank runs. */
  readonly script: URL;
  /** Its arguments. */
  readonly argv: readonly string[];
  /** How many ranks are started. */
  readonly ranks: number;
  /** Seconds that they wait for one another, > 0. */
  readonly rankTimeout: number;
  /** Aborted: the ranks are asked to stop. */
  readonly signal: AbortSignal;
  /** Seconds that the launcher has to end after a rank was lost; default 30. Then it is ended. */
  readonly graceSeconds?: number;
}

/** Open MPI binds each rank to one core, which a Node process with its threads does not suit; as root it wants to be asked. */
const settings = {
  OMPI_MCA_hwloc_base_binding_policy: 'none',
  PRTE_MCA_hwloc_default_binding_policy: 'none',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
  PRTE_MCA_rmaps_default_mapping_policy: ':oversubscribe',
  ...(process.getuid?.() === 0 && { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }),
};

/** Seconds after which Open MPI finds a machine out of reach, unless it is told. */
const FOUND_LOST = 480;

/**
 * What lets Open MPI find a machine out of reach before its ranks give up, in half the time that they wait.
 *
 * @remarks `mpirun` asks the other machines by TCP's keepalive. Once it has a message on the way, such as that a rank was lost, TCP sends that again and again instead, and
 * fails only after a quarter of an hour: so it must ask in time.
 */
export function keepalive(rankTimeout: number): Record<string, string> {
  const seconds = rankTimeout / 2;
  if (seconds >= FOUND_LOST) return {};
  const times = { time: Math.floor(seconds / 2), intvl: Math.floor(seconds / 6), probes: 3 };
  return Object.fromEntries(
    Object.entries(times).flatMap(([name, value]) =>
      ['OMPI', 'PRTE'].map((engine) => [`${engine}_MCA_oob_tcp_keepalive_${name}`, String(Math.max(1, value))]),
    ),
  );
}

/**
 * Starts ranks by `mpirun`, or what the variable `MPIRUN` names.
 *
 * @param options see {@link LaunchMpiOptions}
 * @returns the exit code
 * @throws SelfsupError `SELFSUP_COLLECTIVE` when the launcher is not there, or had to be ended because it stayed when a rank was lost
 */
export async function launchMpi({ script, argv, ranks, rankTimeout, signal, graceSeconds = 30 }: LaunchMpiOptions): Promise<number> {
  const program = process.env['MPIRUN'] ?? 'mpirun';
  const own = [process.execPath, ...process.execArgv, fileURLToPath(script), ...argv];
  let [hasEnded, wasForced] = [false, false];
  let timer: NodeJS.Timeout | undefined;
  const lifelines = await openLifelines(() => {
    if (!hasEnded) timer ??= setTimeout(force, 1000 * graceSeconds);
  });
  // a group of its own: Ctrl-C reaches this process alone, for mpirun would give its ranks a second
  const child = spawn(program, ['-n', String(ranks), ...own], {
    stdio: 'inherit',
    env: { ...settings, ...keepalive(rankTimeout), ...process.env, ...lifelines.environment },
    detached: true,
  });
  const leave = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    lifelines.killRanks();
  };
  const force = () => {
    wasForced = true;
    leave();
  };
  const stop = () => child.kill('SIGUSR1'); // which launchers pass on to their ranks
  signal.addEventListener('abort', stop);
  process.on('exit', leave);
  try {
    return await new Promise((resolve, reject) => {
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
        if (killedBy) lifelines.killRanks(); // it cannot end them any more
        if (wasForced)
          reject(
            new SelfsupError(
              'SELFSUP_COLLECTIVE',
              `a rank was lost, and ${printable(program)} did not end within ${graceSeconds} seconds, as it does while a machine is out of reach; it was ended by force`,
            ),
          );
        else resolve(signal.aborted ? INTERRUPTED : killedBy ? FAILED : (code ?? FAILED));
      });
    });
  } finally {
    hasEnded = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    process.off('exit', leave);
    lifelines.close();
  }
}

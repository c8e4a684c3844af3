// Two ranks on two hosts, and the cable is cut at the third update. The job must end within the time that is said, with a message and a checkpoint that is whole; with the
// cable mended it must go on to the checkpoint of a run to which nothing happened, to the bit.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpointMetadata } from '@selfsup/trainer';
import { checkpointOf, faultyTraining } from './faults.ts';
import type { TwoHosts } from './two-hosts.ts';

/** How many updates are done when the cable is cut. */
const STEP = 3;

/** Seconds that ranks wait for one another, that a launcher has to end after a rank was lost, and that all of a run may take. */
const [WAIT, GRACE, LIMIT] = [10, 30, 180];

interface Case {
  readonly what: string;
  /** What must be installed. */
  readonly needs?: string;
  /** How it is started. */
  readonly command: (out: string) => string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the command starts again by itself; else it is started again with `--resume`. */
  readonly restarts: boolean;
  /** What must be said, and within how many seconds of the cut. */
  readonly says: RegExp;
  readonly within: number;
}

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs a command on the first host; `hear` is told all that was said whenever something is. */
function run(
  { enter, settings }: TwoHosts,
  command: string,
  environment: Readonly<Record<string, string>>,
  hear?: (said: string) => void,
): Promise<Ended> {
  const env = { ...process.env, ...settings, ...environment };
  const child = spawn(enter, ['a', command], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  const onData = (chunk: Buffer) => {
    said += chunk.toString();
    hear?.(said);
  };
  child.stdout.on('data', onData);
  child.stderr.on('data', onData);
  const timer = setTimeout(() => {
    said += '\nit was ended by the check';
    process.kill(-child.pid!, 'SIGKILL');
  }, 1000 * LIMIT);
  return new Promise((resolve) =>
    // not `close`: a daemon on the other host may hold the pipes for as long as TCP tries
    child.on('exit', (code) => {
      clearTimeout(timer);
      setTimeout(resolve, 100, { code, said }); // what is still in the pipes
    }),
  );
}

/** Cuts the cable under each way to start a job; `judge` is told of each. */
export async function checkCut(root: string, hosts: TwoHosts, judge: (what: string, found: string, right: boolean) => void): Promise<void> {
  const hostfile = join(root, 'hosts.txt');
  writeFileSync(hostfile, hosts.list(1).replaceAll(':', ' slots=').replaceAll(',', '\n') + '\n');
  const node = [process.execPath, ...faultyTraining].join(' ');
  const timeout = `--rank-timeout ${WAIT}`;
  const mpirun = (parameters: string) => (out: string) =>
    `mpirun.openmpi --bind-to none --host ${hosts.list(1)} --map-by node ${parameters} -n 2 ${node} --out ${out} ${timeout}`;
  const keepalive = '--mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3';
  const selfsup = (out: string) => `${node} --out ${out} ${timeout} --ranks 2 --distributed mpi --max-restarts 1`;
  const ours = { MPIRUN: 'mpirun.openmpi', OMPI_MCA_orte_default_hostfile: hostfile };
  const cases: readonly Case[] = [
    {
      what: 'under mpirun with a short keepalive',
      command: mpirun(keepalive),
      environment: {},
      restarts: false,
      says: /ORTE has lost communication with a remote daemon/,
      within: WAIT,
    },
    {
      what: 'under selfsup --ranks',
      command: selfsup,
      environment: ours,
      restarts: true,
      says: /ORTE has lost communication with a remote daemon/,
      within: WAIT,
    },
    {
      what: 'under selfsup --ranks, and mpirun does not notice',
      command: selfsup,
      environment: { ...ours, OMPI_MCA_oob_tcp_keepalive_time: '0' },
      restarts: true,
      says: /a rank was lost, and mpirun\.openmpi did not end within 30 seconds/,
      within: WAIT + GRACE + 5,
    },
    {
      what: 'under mpirun of MPICH',
      needs: 'mpirun.mpich',
      command: (out) =>
        `mpirun.mpich -launcher ssh -launcher-exec ${hosts.remote} -hosts ${hosts.list(1)} -iface ${hosts.device} -n 2 ${node} --out ${out} ${timeout}`,
      environment: { UCX_TLS: 'tcp,self', FI_PROVIDER: 'tcp' }, // else it sees that this is one machine, and uses its memory
      restarts: false,
      says: /rank \d has waited for the others for 10 seconds/,
      within: WAIT + 5,
    },
  ];
  const calm = join(root, 'calm');
  const undisturbed = await run(hosts, mpirun('')(calm), {});
  if (undisturbed.code !== 0) {
    judge('two hosts, nothing happens', undisturbed.said.slice(-400), false);
    return;
  }
  for (const [i, { what, needs, command, environment, restarts, says, within }] of cases.entries()) {
    if (needs && spawnSync('which', [needs]).status !== 0) {
      console.log(`skipped two hosts, the cable is cut ${what}: it is not installed`);
      continue;
    }
    const [out, done] = [join(root, `cut-${i}`), join(root, `cut-${i}-done`)];
    const fault = { FAULT: 'runs a command', FAULT_STEP: String(STEP), FAULT_RANK: '0', FAULT_DONE: done, FAULT_COMMAND: hosts.cut };
    let [seconds, step] = [Infinity, -1];
    /** Once the job has failed: how long after the cut, what it left; then the cable is mended. */
    const noteFailure = async () => {
      seconds = (Date.now() - statSync(done).mtimeMs) / 1000;
      hosts.mend();
      ({ step } = await readCheckpointMetadata(readFileSync(join(out, 'checkpoint.safetensors'))));
    };
    let failure: Promise<void> | undefined;
    try {
      const first = await run(hosts, command(out), { ...environment, ...fault }, (said) => {
        if (/It starts again/.test(said)) failure ??= noteFailure();
      });
      await (failure ??= noteFailure());
      const last = restarts ? first : await run(hosts, `${command(out)} --resume`, { ...environment, ...fault });
      const same = last.code === 0 && checkpointOf(out) === checkpointOf(calm);
      const told = first.said.split('\n').find((line) => says.test(line));
      judge(
        `two hosts, the cable is cut ${what}`,
        `ended ${seconds.toFixed(1)} s after the cut, checkpoint of update ${step}, went on ${same ? 'to the same bits' : `with ${last.code}, other bits: ${last.said.slice(-300)}`}; said: ${(told ?? `(not what it should) ${first.said.slice(-400)}`).trim()}`,
        (restarts || (first.code !== 0 && first.code !== null)) && told !== undefined && seconds <= within && step === STEP && same,
      );
    } catch (error) {
      judge(`two hosts, the cable is cut ${what}`, (error as Error).message, false);
    } finally {
      hosts.mend();
    }
  }
}

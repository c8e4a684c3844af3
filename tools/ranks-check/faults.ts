// `npm run test:ranks -- --faults`: one rank of two is lost at the third update. The job must end within the time that is said, with a message and a checkpoint that
// is whole; started again with `--resume` it must come to the checkpoint of a run to which nothing happened, to the bit.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCheckpointMetadata } from '@selfsup/trainer';

const bin = fileURLToPath(new URL('../../packages/cli/src/bin.ts', import.meta.url));
const task = fileURLToPath(new URL('faulty-task.ts', import.meta.url));
/** The arguments of Node for a training of six updates that the faulty task may spoil. */
export const faultyTraining: readonly string[] = [
  ...['--conditions=@selfsup/source', bin, 'train', '--task', task, '--data', 'shapes', '--limit', '96', '--test-limit', '16', '--image-size', '16'],
  ...['--encoder', 'conv-net', '--encoder-option', 'widths=[8,16]', '--batch-size', '16', '--epochs', '1', '--checkpoint-every', '1', '--probe-every', '0'],
  ...['--no-report', '--backend', 'wasm', '--threads', '1', '--wide-vectors', 'false'],
]; // prettier-ignore
const openMpi = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OMPI_MCA_rmaps_base_oversubscribe: '1' };

/** Said of a run that did not end in time. */
const LATE = 'it was ended by the check';

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly seconds: number;
}

function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>>, limit: number): Promise<Ended> {
  const began = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...openMpi, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const timer = setTimeout(() => {
    said += `\n${LATE}\n`;
    process.kill(-child.pid!, 'SIGKILL');
  }, 1000 * limit);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, said, seconds: (performance.now() - began) / 1000 });
    }),
  );
}

/** Seconds that ranks wait for one another, and that a run takes at most beside. */
const [WAIT, START] = [10, 120];

interface Engine {
  readonly name: string;
  readonly launcher?: string;
  readonly train: (out: string, more: readonly string[]) => readonly [string, readonly string[]];
}
const engines: readonly Engine[] = [
  { name: 'threads', train: (out, more) => [process.execPath, [...faultyTraining, '--out', out, '--ranks', '2', ...more]] },
  ...(
    [
      ['Open MPI', 'mpirun.openmpi', ['--bind-to', 'none']],
      ['MPICH', 'mpirun.mpich', []],
    ] as const
  ).map(([name, launcher, options]): Engine => ({
    ...{ name, launcher },
    train: (out, more) => [launcher, [...options, '-n', '2', process.execPath, ...faultyTraining, '--out', out, ...more]],
  })),
];

/** What may happen to a rank, and what must be said of it. A thread cannot be killed by itself: a signal is for the whole process. */
const faults: Readonly<Record<string, { readonly says: RegExp; readonly notFor?: string; readonly wait?: number }>> = {
  throws: { says: /this rank throws on purpose/ },
  exits: { says: /rank|exit|abort/i },
  leaves: { says: /rank|exit|abort/i },
  'is killed': { says: /signal 9|KILLED BY|rank/i, notFor: 'threads' },
  'runs out of memory': { says: /memory|heap|signal|rank/i },
  'runs out of the heap': { says: /memory|heap/i, wait: 60 }, // which takes a while to fill
  'stands still': { says: /stands still|waited|rank \d/ },
};

/** The hash of what a run that has ended left. */
export const checkpointOf = (out: string): string => {
  const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as { checkpoint: string };
  return result.checkpoint;
};

/** Runs all faults, or `only` some, on all engines; `judge` is told of each. */
export async function checkFaults(
  root: string,
  { only }: { only: readonly string[] | undefined },
  judge: (what: string, found: string, right: boolean) => void,
): Promise<void> {
  for (const name of only ?? [])
    if (!(name in faults)) throw new Error(`--only: there is no fault ${name}, only ${Object.keys(faults).join(', ')}`);
  for (const { name: engine, launcher, train } of engines) {
    if (launcher && spawnSync(launcher, ['--version']).status !== 0) {
      console.log(`skipped ${engine}: ${launcher} is not installed`);
      continue;
    }
    const calm = join(root, `${engine} calm`);
    const undisturbed = await run(...train(calm, []), {}, START);
    if (undisturbed.code !== 0) {
      judge(`${engine}, nothing happens`, undisturbed.said.slice(-400), false);
      continue;
    }
    for (const [fault, { says, notFor, wait = WAIT }] of Object.entries(faults)) {
      if (engine === notFor || !(only?.includes(fault) ?? true)) continue;
      const out = join(root, `${engine} ${fault}`);
      const environment = { FAULT: fault, FAULT_STEP: '3', FAULT_RANK: '1', FAULT_DONE: join(root, `${engine} ${fault} done`) };
      const ended = await run(...train(out, ['--rank-timeout', String(wait)]), environment, START + wait);
      const what = `${engine}, a rank ${fault}`;
      let step: number | undefined;
      try {
        ({ step } = await readCheckpointMetadata(readFileSync(join(out, 'checkpoint.safetensors'))));
      } catch (error) {
        judge(what, `no usable checkpoint: ${(error as Error).message}; it said ${ended.said.slice(-300)}`, false);
        continue;
      }
      await new Promise((resolve) => setTimeout(resolve, 3000)); // a launcher may end before its ranks have
      const resumed = await run(...train(out, ['--resume']), environment, START);
      const same = resumed.code === 0 && checkpointOf(out) === checkpointOf(calm);
      const told = ended.said.split('\n').find((line) => says.test(line) && !/^(at |Ranks:)/.test(line)) ?? '(nothing)';
      judge(
        what,
        `ended with ${ended.code} after ${ended.seconds.toFixed(1)} s, checkpoint of update ${step}, resumed ${same ? 'to the same bits' : `with ${resumed.code}, other bits: ${resumed.said.slice(-300)}`}; said: ${told.trim().slice(0, 160)}`,
        ended.code !== 0 &&
          (ended.code !== null || /cannot be ended: this process is killed/.test(ended.said)) &&
          !ended.said.includes(LATE) &&
          says.test(ended.said) &&
          same,
      );
    }
  }
}

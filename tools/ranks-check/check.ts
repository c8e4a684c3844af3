// `npm run test:ranks`: the same runs on one rank and on several, by threads, Open MPI and MPICH: losses within 1e-5 and weights within 1e-4, whatever divides the
// batches. What is not installed is skipped, with the reason.
//   --only A,B     only these runs, such as simclr,mae
//   --ranks A,B    how many ranks; default 2,4
//   --compression  how far losses and weights are off when gradients travel in 16 bits, instead
//   --faults       what happens when a rank is lost, instead; --only then chooses faults, such as throws,'is killed'
//   --hosts        on two hosts that are network namespaces of this machine, instead
//   --cut          only what happens when the cable between two hosts is cut
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runThreads } from '@selfsup/distributed';
import { decodeSafetensors } from '@selfsup/safetensors';
import { checkFaults } from './faults.ts';
import { checkHosts } from './hosts.ts';
import { runs } from './runs.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    ranks: { type: 'string', default: '2,4' },
    faults: { type: 'boolean', default: false },
    compression: { type: 'boolean', default: false },
    hosts: { type: 'boolean', default: false },
    cut: { type: 'boolean', default: false },
  },
});
const names = flags.only?.split(',') ?? Object.keys(runs);
const program = new URL('rank.ts', import.meta.url);
const root = mkdtempSync(join(tmpdir(), 'selfsup-ranks-check-'));
process.on('exit', () => {
  rmSync(root, { recursive: true });
});

const LOSS = 1e-5;
const WEIGHT = 1e-4;
const node = [process.execPath, '--conditions=@selfsup/source', fileURLToPath(program)];
const openMpi = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OMPI_MCA_rmaps_base_oversubscribe: '1' };

/** Runs a command to its end; throws what it said when it fails. */
function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { env: { ...process.env, ...openMpi }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`it ended with ${code}: ${said.trim().slice(-600)}`));
    });
  });
}

interface Engine {
  readonly name: string;
  readonly launcher?: string;
  readonly start: (ranks: number, folder: string) => Promise<void>;
}
const byLauncher = (name: string, launcher: string, ...options: string[]): Engine => ({
  ...{ name, launcher },
  start: (ranks, folder) => run(launcher, [...options, '-n', String(ranks), ...node, folder, ...names]),
});
const engines: readonly Engine[] = [
  { name: 'threads', start: (ranks, folder) => runThreads({ script: program, worldSize: ranks, data: [folder, ...names] }) },
  byLauncher('Open MPI', 'mpirun.openmpi', '--bind-to', 'none'),
  byLauncher('MPICH', 'mpirun.mpich'),
];

const lossesOf = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as number[];

/** The largest difference of two lists, relative to the size of what is compared, at least 1. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(a[i]!)));
  return Number.isNaN(most) ? Infinity : most;
};

/** All variables of a checkpoint, the optimizer's slots left out: they are sums of gradients, which are smaller than the weights. */
const weightsOf = (folder: string, name: string): ReadonlyMap<string, ArrayLike<number>> => {
  const { tensors } = decodeSafetensors(readFileSync(join(folder, `${name}.safetensors`)));
  return new Map(
    [...tensors].flatMap(([path, { data }]) => (path.startsWith('optimizer') ? [] : [[path, data as ArrayLike<number>] as const])),
  );
};

let [passed, failed] = [0, 0];
const judge = (what: string, found: string, right: boolean) => {
  if (right) passed++;
  else failed++;
  console.log(`${right ? 'ok  ' : 'FAIL'} ${what}: ${found}`);
};

const alone = join(root, 'alone');

/** Compares what ranks left in a folder with what one rank did. */
function compare(folder: string, place: string): void {
  for (const name of names) {
    const losses = lossesOf(folder, name);
    const loss = apart(lossesOf(alone, name), losses);
    const [expected, own] = [weightsOf(alone, name), weightsOf(folder, name)];
    let [weight, worst] = [0, ''];
    for (const [path, values] of expected) {
      const difference = apart(values, own.get(path) ?? []);
      if (difference > weight) [weight, worst] = [difference, path];
    }
    const right = loss <= LOSS && weight <= WEIGHT && losses.length === 10;
    const where = weight > WEIGHT ? ` (${worst})` : '';
    judge(`${place}, ${name}`, `losses of ${losses.length} steps within ${loss.toExponential(1)}, weights within ${weight.toExponential(1)}${where}`, right); // prettier-ignore
  }
}

const trainAlone = () => run(node[0]!, [...node.slice(1), alone, ...names]);

/** Losses and weights of all engines. */
async function checkEquality(): Promise<void> {
  await trainAlone();
  for (const { name: engine, launcher, start } of engines)
    for (const ranks of flags.ranks.split(',').map(Number)) {
      const place = `${engine}, ${ranks} ranks`;
      if (launcher && spawnSync(launcher, ['--version']).status !== 0) {
        console.log(`skipped ${place}: ${launcher} is not installed`);
        continue;
      }
      const folder = join(root, place);
      try {
        await start(ranks, folder);
        compare(folder, place);
      } catch (error) {
        judge(place, (error as Error).message, false);
      }
    }
}

/** Gradients that are rounded while they travel: says how much that changes, and that it is little. */
async function checkCompression(): Promise<void> {
  await trainAlone();
  for (const compression of ['bf16', 'fp16']) {
    process.env['COMPRESSION'] = compression;
    const folder = join(root, compression);
    await runThreads({ script: program, worldSize: 2, data: [folder, ...names] });
    for (const name of names) {
      const loss = apart(lossesOf(alone, name), lossesOf(folder, name));
      judge(`threads, 2 ranks, gradients in ${compression}, ${name}`, `losses within ${loss.toExponential(1)}`, loss < 0.05);
    }
  }
}

if (flags.compression) await checkCompression();
else if (flags.faults) await checkFaults(root, { only: flags.only?.split(',') }, judge);
else if (flags.cut) await checkHosts(root, undefined, judge);
else if (flags.hosts) {
  await trainAlone();
  await checkHosts(root, { names, compare }, judge);
} else await checkEquality();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

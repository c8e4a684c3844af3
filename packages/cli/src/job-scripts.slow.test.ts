import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { selfsup, succeed } from '../fixtures/run-command.ts';
import { tinyImages } from '../fixtures/tiny-images.ts';

// examples/slurm, run as Slurm runs them: by bash, with the variables that it sets. A Node that cannot run TypeScript (20) runs the build.
const program = process.features.typescript
  ? ['--conditions=@selfsup/source', fileURLToPath(new URL('./bin.ts', import.meta.url))]
  : [fileURLToPath(new URL('../dist/bin.js', import.meta.url))];
const scripts = fileURLToPath(new URL('../../../examples/slurm', import.meta.url));
const manifests = fileURLToPath(new URL('../../../examples/kubernetes', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'selfsup-jobs-'));
const at = (name: string) => join(root, name);

/** Writes a program of bash. */
function writeScript(name: string, lines: readonly string[]): string {
  mkdirSync(at('bin'), { recursive: true });
  writeFileSync(at(`bin/${name}`), ['#!/bin/bash', ...lines, ''].join('\n'));
  chmodSync(at(`bin/${name}`), 0o755);
  return at(`bin/${name}`);
}

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs a script with the variables of a job; a signal is sent to it as soon as `when` holds. */
function runScript(
  name: string,
  environment: Readonly<Record<string, string>>,
  kill?: { readonly signal: NodeJS.Signals; readonly when: () => boolean },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const path = { PATH: `${at('bin')}:${process.env['PATH']!}`, HOME: root, SELFSUP: at('bin/selfsup') };
    const child = spawn('bash', [join(scripts, name)], { cwd: root, env: { ...path, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const timer = setInterval(() => {
      if (!kill?.when()) return;
      clearInterval(timer);
      child.kill(kill.signal);
    }, 5);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, said });
    });
  });
}

const task = (id: number) => ({
  ...{ SLURM_ARRAY_TASK_ID: String(id), SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '2', SLURM_ARRAY_TASK_STEP: '1' },
  ...{ SLURM_ARRAY_TASK_COUNT: '3', SLURM_CPUS_PER_TASK: '1', SLURM_JOB_ID: '77', SLURM_NTASKS: '1', SLURM_PROCID: '0' },
});
const work = { RUN: at('run'), DATA: at('photos'), OUT: at('results/photos.npy') };
const same = (one: string, other: string) => {
  expect(readFileSync(at(one)).equals(readFileSync(at(other))), one).toBe(true);
};

beforeAll(async () => {
  writeScript('selfsup', [`exec '${process.execPath}' ${program.map((word) => `'${word}'`).join(' ')} "$@"`]);
  mkdirSync(at('photos'));
  const photo = (i: number) => ({ width: 18, height: 20, channels: 3 as const, background: { r: i % 256, g: (i * 7) % 256, b: 90 } });
  for (let i = 0; i < 600; i++) await sharp({ create: photo(i) }).toFile(at(`photos/${i}.png`));
  await succeed('train', ...tinyImages, '--no-report', '--out', work.RUN);
  await succeed('embed', work.DATA, '--run', work.RUN, '--out', at('whole.npy'), '--backend', 'wasm');
}, 120_000);
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('examples/slurm', () => {
  it('embed.sbatch and merge.sbatch give the file of one process', async () => {
    const early = await runScript('merge.sbatch', { ...work, SLURM_JOB_ID: '78' });
    expect([early.code, early.said]).toEqual([1, expect.stringContaining('holds no finished part')]);
    for (const id of [2, 0, 1]) {
      const { code, said } = await runScript('embed.sbatch', { ...work, ...task(id) });
      expect(said).toMatch(new RegExp(`Part ${id} \\(0 to 2, from the Slurm array\\): (250|100) embeddings of 8 numbers`));
      expect(code).toBe(0);
    }
    const again = await runScript('embed.sbatch', { ...work, ...task(1) });
    expect(again.said).toContain('was finished already');
    expect(await runScript('merge.sbatch', { ...work, SLURM_JOB_ID: '78' })).toMatchObject({ code: 0 });
    same('results/photos.npy', 'whole.npy');
    same('results/photos.index.json', 'whole.index.json');
    const missing = await runScript('embed.sbatch', { RUN: work.RUN, OUT: work.OUT });
    expect([missing.code === 0, missing.said]).toEqual([false, expect.stringContaining('DATA: what to embed')]);
  }, 120_000);

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'a task that %s ends leaves no half part, and does its work when it is sent again',
    async (signal) => {
      const job = { ...work, OUT: at(`${signal}/photos.npy`), ...task(0), SLURM_ARRAY_TASK_MAX: '0', SLURM_ARRAY_TASK_COUNT: '1' };
      const files = () => (existsSync(`${job.OUT}.parts`) ? readdirSync(`${job.OUT}.parts`) : []);
      const when = () => files().some((name) => name.endsWith('.partial'));
      const ended = await runScript('embed.sbatch', { ...job, BACKEND: 'cpu' }, { signal, when });
      expect(ended.code).toBe(signal === 'SIGTERM' ? 130 : null);
      if (signal === 'SIGTERM') expect(files()).toEqual([]);
      else expect(files().every((name) => name.endsWith('.partial'))).toBe(true);
      expect((await runScript('embed.sbatch', job)).said).toContain('Part 0 (the only one, from the Slurm array): 600 embeddings of 8');
      expect(files().sort()).toEqual(['part-00000.index.json', 'part-00000.json', 'part-00000.npy']);
    },
    120_000,
  );

  it.each(['srun', 'mpirun'])(
    'train.sbatch stops before the time limit, goes back into the queue, and on from there: by %s',
    async (launcher) => {
      const out = at(`trained by ${launcher}`);
      // what stands in for the command stops by USR1, as the real one does, and ends when it is started again
      const SELFSUP = writeScript('train', [
        'args=()',
        'while (($#)); do if [[ $1 == --out ]]; then out=$2; shift; else args+=("$1"); fi; shift; done',
        'echo "${args[*]}"; mkdir -p "$out"',
        '[[ -e $out/run.json ]] && { echo {} > "$out/result.json"; exit; }',
        'trap "echo stops; exit 130" USR1; echo {} > "$out/run.json"',
        'for ((i = 0; i < 600; i++)); do sleep 0.05; done; exit 1',
      ]);
      const passOn = ['while [[ $1 == -* || $1 == none || $1 =~ ^[0-9]+$ ]]; do echo "$1"; shift; done', '"$@" & pid=$!', 'trap "kill -USR1 $pid" USR1', 'wait $pid; code=$?; kill -0 $pid 2> /dev/null && { wait $pid; code=$?; }; exit $code']; // prettier-ignore
      writeScript(launcher, passOn);
      writeScript('scontrol', ['echo "scontrol $*"']);
      const job = { DATA: at('photos'), OUT: out, SELFSUP, LAUNCHER: launcher, TRAIN_FLAGS: '--task byol --epochs 3', SLURM_JOB_ID: '79', SLURM_NTASKS: '2', SLURM_CPUS_PER_TASK: '1' }; // prettier-ignore
      const when = () => existsSync(join(out, 'run.json'));
      const stopped = await runScript('train.sbatch', job, { signal: 'SIGUSR1', when });
      expect(stopped.said).toContain(`train --data ${job.DATA} --task byol --epochs 3 --backend wasm --threads 1`);
      expect(stopped.said).toMatch(/stops\n[^]*goes on when the job's turn comes again\nscontrol requeue 79\n$/);
      expect(stopped.code).toBe(0);
      const on = await runScript('train.sbatch', job);
      expect([on.code, on.said]).toEqual([0, expect.stringContaining('train --resume --backend wasm')]);
      expect(await runScript('train.sbatch', job)).toEqual({ code: 0, said: `${out} is finished\n` });
      rmSync(out, { recursive: true });
      writeScript(launcher, ['exit 7']);
      expect((await runScript('train.sbatch', job)).code).toBe(7);
      expect((await runScript('train.sbatch', { ...job, LAUNCHER: 'ssh' })).code).toBe(2);
    },
    60_000,
  );
});

describe('examples/kubernetes', () => {
  it('the commands of the Jobs run, and give the file of one process', async () => {
    const argsOf = (name: string) => {
      const [document] = parseAllDocuments(readFileSync(join(manifests, name), 'utf8'));
      const { spec } = document!.toJS() as { spec: { template: { spec: { containers: { command: string[]; args: string[] }[] } } } };
      const [{ command, args }] = spec.template.spec.containers as [{ command: string[]; args: string[] }];
      expect(command).toEqual(['selfsup']);
      return args.map((arg) => arg.replace('/data/', `${root}/`).replace('/results/photos', at('pods/photos')).replace('/results/', `${root}/`).replace('--threads=4', '--threads=1')); // prettier-ignore
    };
    const before = { ...process.env };
    try {
      process.env['SELFSUP_SHARDS'] = '16';
      for (let i = 0; i < 16; i++) {
        process.env['JOB_COMPLETION_INDEX'] = String(i);
        await succeed(...argsOf('embed.yaml'));
      }
    } finally {
      process.env = before;
    }
    expect((await selfsup(...argsOf('merge.yaml'))).stdout).toMatch(/^16 parts joined: 600 embeddings/);
    same('pods/photos.npy', 'whole.npy');
  }, 120_000);
});

// `npm run bench:backends`: one SimCLR and one masked-language step on each backend that works here, each in a process of its own.
//   --backends LIST (default: all), such as wasm,tensorflow  --tasks LIST (default simclr,mlm)  --threads N (default: auto)
//   --batch N (default: 64 images, 32 texts)  --steps N (default 5, median)  --limit SECONDS: a backend that takes longer is given up (default 180)
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { builtinBackends, closeBackends, selectBackend } from '@selfsup/backends';
import { isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { mlmStep } from './mlm-step.ts';
import { simclrStep } from './simclr-step.ts';

const { values: flags } = parseArgs({
  options: {
    backends: { type: 'string', default: builtinBackends.map(({ name }) => name).join(',') },
    tasks: { type: 'string', default: 'simclr,mlm' },
    threads: { type: 'string', default: 'auto' },
    batch: { type: 'string' },
    steps: { type: 'string', default: '5' },
    limit: { type: 'string', default: '180' },
    /** Set by this program for the processes that it starts. */
    one: { type: 'boolean', default: false },
  },
});
const cases = {
  simclr: { what: 'SimCLR, ResNet-18 with CIFAR stem, two views of 32×32', make: simclrStep, batch: 64 },
  mlm: { what: 'Masked language, BERT 4×256, 128 tokens', make: mlmStep, batch: 32 },
} as const;
const known = Object.keys(cases);
const tasks = flags.tasks.split(',');
const [steps, limit] = [Number(flags.steps), Number(flags.limit)];
if (!tasks.every((task) => known.includes(task)) || !(steps >= 1) || !(limit > 0)) {
  console.error(`bench:backends: --tasks takes ${known.join(',')}, --steps a number >= 1, --limit seconds > 0`);
  process.exit(1);
}
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

/** Measures one task on one backend, in this process. */
async function measure(backend: string, task: keyof typeof cases): Promise<string> {
  const { description } = await selectBackend({
    prefer: backend,
    threads: flags.threads === 'auto' ? 'auto' : Number(flags.threads),
    wideVectors: 'auto',
  });
  const { make, batch } = cases[task];
  const step = make(Number(flags.batch ?? batch));
  await step.run(); // shaders and kernels are compiled, memory is taken
  const tensors = tf.memory().numTensors;
  const [wall, used]: [number[], number[]] = [[], []];
  for (let i = 0; i < steps; i++) {
    const before = process.cpuUsage();
    wall.push((await step.run()).milliseconds);
    const { user, system } = process.cpuUsage(before);
    used.push((user + system) / 1000);
  }
  const leak = tf.memory().numTensors - tensors;
  step.dispose();
  const rate = (step.perStep * 1000) / median(wall);
  return (
    `${rate.toFixed(rate < 100 ? 1 : 0)} ${step.unit}/s, step ${(median(wall) / 1000).toFixed(2)} s, ` +
    `${(median(used) / 1000).toFixed(2)} s of all cores with the making of its batch${leak === 0 ? '' : `, ${leak} tensors leaked`}; ${description}`
  );
}

if (flags.one) {
  const [backend, task] = [flags.backends, tasks[0] as keyof typeof cases];
  try {
    console.log(await measure(backend, task));
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    console.log(`does not work here: ${error.message}`);
  }
  await closeBackends();
  process.exit(0);
}
for (const task of tasks) {
  const { what, batch } = cases[task as keyof typeof cases];
  console.log(`${what}, batch ${flags.batch ?? batch}`);
  for (const backend of flags.backends.split(',')) {
    const own = ['--one', '--backends', backend, '--tasks', task, '--steps', `${steps}`, '--threads', flags.threads];
    const args = [...process.execArgv, import.meta.filename, ...own, ...(flags.batch === undefined ? [] : ['--batch', flags.batch])];
    const { stdout, error } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: limit * 1000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const isLate = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
    console.log(`  ${backend.padEnd(12)}${isLate ? `given up after ${limit} s` : stdout.trim().split('\n').at(-1)! || 'failed'}`);
  }
}

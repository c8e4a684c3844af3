// `npm run bench:step`: whole training steps on the wasm backend, and the same work in PyTorch on as many threads.
//   --task simclr|mlm|mlm-everywhere  --batch N  --steps N (at least 7, median)  --profile  --json
//   --gradient-checkpointing: blocks are computed again for the gradient
//   --threads LIST (default 1), such as 1,2: alternates between them and compares  --wide auto|true|false: the build for 256-bit vectors
//   --narrow: processes of their own for the build for 256-bit vectors and the one for 128, by turns, and the ratio; the engine's flag is off in the latter
//   --python PATH [--peers DIR] [--rounds N]: alternates with the peer program; the last lines are the ratios to PyTorch
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { mlmEverywhereStep, mlmStep } from './mlm-step.ts';
import { profileKernels, profileTable, type Profile } from './profile-kernels.ts';
import { checkPeer, runPeer } from './run-peer.ts';
import { simclrStep } from './simclr-step.ts';
import { spinCeiling } from './spin-ceiling.ts';
import { trackHeap, type WatchedHeap } from './track-heap.ts';
import { wideToNarrow } from './wide-to-narrow.ts';

const PROFILED = 3;
const { values: flags } = parseArgs({
  options: {
    task: { type: 'string', default: 'simclr' },
    batch: { type: 'string' },
    steps: { type: 'string', default: '7' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
    wide: { type: 'string', default: 'auto' },
    python: { type: 'string' },
    peers: { type: 'string', default: process.env['SELFSUP_PEERS'] ?? join(import.meta.dirname, '../../../shared/peers') },
    narrow: { type: 'boolean', default: false },
    'gradient-checkpointing': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const fail = (message: string): never => {
  console.error(message);
  process.exit(1);
};
const atLeast = (name: string, value: string, least: number): number =>
  Number.isSafeInteger(Number(value)) && Number(value) >= least
    ? Number(value)
    : fail(`bench:step: --${name} must be an integer >= ${least}, got ${value}`);
const say = (line: string) => void process.stderr.write(`${line}\n`);
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const cases = {
  simclr: { make: simclrStep, batch: '64' },
  mlm: { make: mlmStep, batch: '32' },
  'mlm-everywhere': { make: mlmEverywhereStep, batch: '32' },
} as const;
if (!Object.hasOwn(cases, flags.task)) fail(`bench:step: --task must be one of ${Object.keys(cases).join(', ')}, got ${flags.task}`);
const { make, batch } = cases[flags.task as keyof typeof cases];
const steps = atLeast('steps', flags.steps, 7);
const counts = flags.threads.split(',').map((count) => atLeast('threads', count, 1));
const rounds = flags.python === undefined && counts.length === 1 ? 1 : atLeast('rounds', flags.rounds, 3);
const wide = { auto: 'auto', true: true, false: false } as const;
if (!Object.hasOwn(wide, flags.wide)) fail(`bench:step: --wide must be auto, true or false, got ${flags.wide}`);
const useThreads = (threads: number) => selectBackend({ prefer: 'wasm', threads, wideVectors: wide[flags.wide as keyof typeof wide] });

if (flags.narrow) {
  const wanted = ['--task', flags.task, '--steps', `${steps}`, '--threads', `${counts[0]!}`];
  const batchSize = flags.batch === undefined ? [] : ['--batch', flags.batch];
  console.log(wideToNarrow({ program: import.meta.filename, args: [...wanted, ...batchSize], rounds: atLeast('rounds', flags.rounds, 3) }));
  process.exit(0);
}
let { description } = await useThreads(Math.max(...counts)); // the most at once: a memory for threads
const heap = trackHeap((tf.backend() as unknown as { wasm: WatchedHeap }).wasm);
const step = make(atLeast('batch', flags.batch ?? batch, 1), { gradientCheckpointing: flags['gradient-checkpointing'] });
const place = flags.python === undefined ? undefined : { python: flags.python, folder: flags.peers };
try {
  if (place) checkPeer(place, step);
} catch (error) {
  fail((error as Error).message);
}

interface Measured {
  readonly threads: number;
  description: string;
  readonly milliseconds: number[];
  readonly cpuMilliseconds: number[];
  readonly pyTorchPerSecond: number[];
}
say(`${step.description}; ${description}`);
const warm = await step.run();
say(`warm-up: ${(warm.milliseconds / 1000).toFixed(3)} s, loss ${warm.loss.toFixed(4)}`);
const tensors = tf.memory().numTensors;
const all: Measured[] = counts.map((threads) => ({ threads, description, milliseconds: [], cpuMilliseconds: [], pyTorchPerSecond: [] }));
const ceilings: number[] = [];
for (let round = 1; round <= rounds; round++) {
  for (const one of all) {
    one.description = description = (await useThreads(one.threads)).description;
    await step.run(); // new kernels are compiled
    for (let i = 1; i <= steps; i++) {
      const { milliseconds, cpuMilliseconds, loss } = await step.run();
      one.milliseconds.push(milliseconds);
      one.cpuMilliseconds.push(cpuMilliseconds);
      say(
        `round ${round}, threads ${one.threads}, step ${i}: ${(milliseconds / 1000).toFixed(3)} s, of CPU ${(cpuMilliseconds / 1000).toFixed(3)}, loss ${loss.toFixed(4)}`,
      );
    }
    if (place) {
      one.pyTorchPerSecond.push(runPeer(place, step, { steps, threads: one.threads }));
      say(`round ${round}, threads ${one.threads}, PyTorch: ${one.pyTorchPerSecond.at(-1)!.toFixed(2)} ${step.unit}/s`);
    }
  }
  if (counts.length > 1) ceilings.push(await spinCeiling(Math.max(...counts)));
}
const after = tf.memory().numTensors;
const use = heap();
const profiles: Profile[] = [];
for (let i = 0; flags.profile && i < PROFILED; i++) profiles.push(await profileKernels(async () => (await step.run()).milliseconds));
const profile = profiles.sort((a, b) => a.total - b.total)[0]; // the least disturbed
step.dispose();

const results = all.map((one) => {
  const perSecond = (step.perStep * 1000) / median(one.milliseconds);
  const least = Math.min(...one.milliseconds);
  const ratio = one.pyTorchPerSecond.length > 0 ? perSecond / median(one.pyTorchPerSecond) : undefined;
  return { ...one, perSecond, least, ...(ratio !== undefined && { ratio }) };
});
const gain = (most: (typeof results)[number], least: (typeof results)[number]): number => most.perSecond / least.perSecond;
const [first, last] = [results[0]!, results.at(-1)!];
const ceiling = ceilings.length > 0 ? median(ceilings) : undefined;
if (flags.json) {
  const what = { task: flags.task, description: step.description, unit: step.unit, perStep: step.perStep };
  const rest = { ...use, tensors, tensorsAfter: after, ...(profile && { profile }) };
  console.log(JSON.stringify({ ...what, results, ...rest, ...(ceiling !== undefined && { gain: gain(last, first), ceiling }) }));
} else {
  console.log(step.description);
  if (profile) console.log(profileTable(profile));
  for (const one of results) {
    console.log(
      `${one.description}: step ${(median(one.milliseconds) / 1000).toFixed(3)} s, of CPU ${(median(one.cpuMilliseconds) / 1000).toFixed(3)} s ` +
        `(medians of ${one.milliseconds.length}), ${one.perSecond.toFixed(2)} ${step.unit}/s; the fastest ${(one.least / 1000).toFixed(3)} s`,
    );
  }
  console.log(
    `heap ${mebibytes(use.heapBytes)}, at most ${mebibytes(use.peakBytes)} in use by tensors and scratch; tensors ${tensors} before, ${after} after`,
  );
  if (ceiling !== undefined) {
    console.log(
      `${last.threads} threads to ${first.threads}: ${gain(last, first).toFixed(2)}, by the fastest steps ${(first.least / last.least).toFixed(2)}; arithmetic alone gains ${ceiling.toFixed(2)} here and now`,
    );
  }
  for (const { threads, pyTorchPerSecond, ratio } of results) {
    if (ratio === undefined) continue;
    console.log(
      `threads ${threads}: PyTorch ${median(pyTorchPerSecond).toFixed(2)} ${step.unit}/s (median of ${pyTorchPerSecond.length} runs); ratio to PyTorch: ${ratio.toFixed(2)}`,
    );
  }
}

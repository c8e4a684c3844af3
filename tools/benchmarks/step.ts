// `npm run bench:step`: whole training steps on the wasm backend, one core, and the same work in PyTorch on one thread.
//   --task simclr|mlm|mlm-everywhere  --batch N  --steps N (at least 7, median)  --profile  --json
//   --python PATH [--peers DIR] [--rounds N]: alternates with the peer program; the last line is the ratio to PyTorch
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { mlmEverywhereStep, mlmStep } from './mlm-step.ts';
import { profileKernels, profileTable, type Profile } from './profile-kernels.ts';
import { checkPeer, runPeer } from './run-peer.ts';
import { simclrStep } from './simclr-step.ts';
import { trackHeap, type WatchedHeap } from './track-heap.ts';

const PROFILED = 3;
const { values: flags } = parseArgs({
  options: {
    task: { type: 'string', default: 'simclr' },
    batch: { type: 'string' },
    steps: { type: 'string', default: '7' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    peers: { type: 'string', default: process.env['SELFSUP_PEERS'] ?? join(import.meta.dirname, '../../../shared/peers') },
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
const rounds = flags.python === undefined ? 1 : atLeast('rounds', flags.rounds, 3);

const { description } = await selectBackend({ prefer: 'wasm' });
const heap = trackHeap((tf.backend() as unknown as { wasm: WatchedHeap }).wasm);
const step = make(atLeast('batch', flags.batch ?? batch, 1));
const place = flags.python === undefined ? undefined : { python: flags.python, folder: flags.peers };
try {
  if (place) checkPeer(place, step);
} catch (error) {
  fail((error as Error).message);
}

say(`${step.description}; ${description}`);
const warm = await step.run();
say(`warm-up: ${(warm.milliseconds / 1000).toFixed(3)} s, loss ${warm.loss.toFixed(4)}`);
const tensors = tf.memory().numTensors;
const [ours, cpu, theirs]: [number[], number[], number[]] = [[], [], []];
for (let round = 1; round <= rounds; round++) {
  for (let i = 1; i <= steps; i++) {
    const { milliseconds, cpuMilliseconds, loss } = await step.run();
    ours.push(milliseconds);
    cpu.push(cpuMilliseconds);
    say(
      `round ${round} step ${i}: ${(milliseconds / 1000).toFixed(3)} s, of CPU ${(cpuMilliseconds / 1000).toFixed(3)}, loss ${loss.toFixed(4)}`,
    );
  }
  if (place) {
    theirs.push(runPeer(place, step, steps));
    say(`round ${round} PyTorch: ${theirs.at(-1)!.toFixed(2)} ${step.unit}/s`);
  }
}
const after = tf.memory().numTensors;
const use = heap();
const rate = (step.perStep * 1000) / median(ours);
const profiles: Profile[] = [];
for (let i = 0; flags.profile && i < PROFILED; i++) profiles.push(await profileKernels(async () => (await step.run()).milliseconds));
const profile = profiles.sort((a, b) => a.total - b.total)[0]; // the least disturbed
step.dispose();

const ratio = theirs.length > 0 ? rate / median(theirs) : undefined;
if (flags.json) {
  const result = { task: flags.task, description: step.description, backend: description, unit: step.unit, perStep: step.perStep };
  const measured = {
    milliseconds: ours,
    cpuMilliseconds: cpu,
    perSecond: rate,
    pyTorchPerSecond: theirs,
    ...use,
    tensors,
    tensorsAfter: after,
  };
  console.log(JSON.stringify({ ...result, ...measured, ...(profile && { profile }), ...(ratio !== undefined && { ratio }) }));
} else {
  console.log(`${step.description}; ${description}`);
  if (profile) console.log(profileTable(profile));
  console.log(`step ${(median(ours) / 1000).toFixed(3)} s, of CPU ${(median(cpu) / 1000).toFixed(3)} s (medians of ${ours.length})`);
  console.log(
    `heap ${mebibytes(use.heapBytes)}, at most ${mebibytes(use.peakBytes)} in use by tensors and scratch; tensors ${tensors} before, ${after} after`,
  );
  console.log(`selfsup ${rate.toFixed(2)} ${step.unit}/s`);
  if (ratio !== undefined) {
    console.log(`PyTorch ${median(theirs).toFixed(2)} ${step.unit}/s (one thread, median of ${theirs.length} runs)`);
    console.log(`ratio to PyTorch: ${ratio.toFixed(2)}`);
  }
}

// GFLOP/s of these kernels and of the stock ones, in one process: `npm run bench`.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerTrainingKernels } from '../src/index.ts';

const RUNS = 7;

/** Milliseconds of CPU that this thread has used: less disturbed by neighbours than the clock. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function median(run: () => tf.Tensor | tf.Tensor[]): number {
  const times: number[] = [];
  for (let i = 0; i < RUNS + 2; i++) {
    const start = cpuTime();
    tf.dispose(run());
    if (i > 1) times.push(cpuTime() - start); // the first two warm the engine's compiler up
  }
  return times.sort((a, b) => a - b)[RUNS >> 1]!;
}

interface Bench {
  readonly name: string;
  readonly gigaflop: number;
  readonly run: () => tf.Tensor | tf.Tensor[];
}

function normal(shape: readonly number[], seed: number): tf.Tensor {
  return tf.randomUniform([...shape], -1, 1, 'float32', seed);
}

function benches(): Bench[] {
  const list: Bench[] = [];
  for (const size of [512, 1024]) {
    const a = normal([size, size], 1) as tf.Tensor2D;
    const b = normal([size, size], 2) as tf.Tensor2D;
    for (const [name, ta, tb] of [
      ['A·B', false, false],
      ['Aᵀ·B', true, false],
      ['A·Bᵀ', false, true],
    ] as const) {
      list.push({ name: `${name} ${size}`, gigaflop: (2 * size ** 3) / 1e9, run: () => tf.matMul(a, b, ta, tb) });
    }
  }
  const q = normal([32, 128, 64], 3) as tf.Tensor3D;
  list.push({ name: 'batched 32×128×64×128', gigaflop: (2 * 32 * 128 * 64 * 128) / 1e9, run: () => tf.matMul(q, q, false, true) });
  for (const [size, channels, columns, kernel, stride] of [
    [32, 3, 64, 3, 1],
    [32, 64, 64, 3, 1],
    [16, 128, 128, 3, 1],
    [8, 256, 256, 3, 1],
    [4, 512, 512, 3, 1],
    [32, 64, 128, 3, 2],
    [32, 64, 128, 1, 2],
  ] as const) {
    const x = normal([32, size, size, channels], 4);
    const filter = normal([kernel, kernel, channels, columns], 5);
    const out = size / stride;
    const dy = normal([32, out, out, columns], 6);
    const gigaflop = (2 * 32 * out * out * kernel * kernel * channels * columns) / 1e9;
    const attrs = { strides: [stride, stride], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };
    const label = `conv ${kernel}×${kernel}/${stride} ${channels}→${columns} ${size}×${size}`;
    const call = (name: string, inputs: tf.NamedTensorMap, extra: tf.NamedAttrMap) => () =>
      tf.engine().runKernel<tf.Tensor>(name, inputs, { ...attrs, ...extra });
    list.push({ name: label, gigaflop, run: call('Conv2D', { x, filter }, {}) });
    list.push({ name: `${label} dx`, gigaflop, run: call('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }) });
    list.push({ name: `${label} dw`, gigaflop, run: call('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }) });
  }
  return list;
}

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`);
await tf.setBackend('wasm');
const list = benches();
const wanted = process.argv[2] ?? '';
const chosen = list.filter(({ name }) => name.includes(wanted));
const measure = ({ run, gigaflop }: Bench): number | undefined => {
  try {
    return gigaflop / (median(run) / 1000);
  } catch {
    return undefined; // the stock backend has no such kernel
  }
};
const stock = chosen.map(measure);
const rows = new Map<string, (number | undefined)[]>(chosen.map(({ name }, i) => [name, [stock[i]]]));
for (const simd of ['relaxed', 'plain'] as const) {
  const registration = await registerTrainingKernels({ simd });
  for (const bench of chosen) rows.get(bench.name)!.push(measure(bench));
  registration.dispose();
}
console.log(`${'GFLOP/s of CPU time, median of 7'.padEnd(34)} ${'stock'.padStart(8)} ${'relaxed'.padStart(8)} ${'plain'.padStart(8)}`);
for (const [name, values] of rows) {
  console.log(`${name.padEnd(34)} ${values.map((v) => (v?.toFixed(1) ?? '–').padStart(8)).join(' ')}`);
}

// GFLOP/s of these kernels and of the stock ones, in one process: `npm run bench`.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerTrainingKernels } from '../src/index.ts';

const RUNS = 7;
const SAMPLE_MS = 100;

/** Milliseconds of CPU that this thread has used: less disturbed by neighbours than the clock. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Median milliseconds of one call. Each sample repeats the call for SAMPLE_MS, because some systems count CPU time in ticks of 4 ms. */
function median(run: () => tf.Tensor | tf.Tensor[]): number {
  tf.dispose(run()); // warms the engine's compiler up
  const start = performance.now();
  tf.dispose(run());
  const repeats = Math.max(1, Math.ceil(SAMPLE_MS / (performance.now() - start)));
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const from = cpuTime();
    for (let r = 0; r < repeats; r++) tf.dispose(run());
    times.push((cpuTime() - from) / repeats);
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

/** Batch norm of [32, 32, 32, 64] against the same formulas in tfjs operations, milliseconds. */
function batchNormBench(): [string, () => tf.Tensor | tf.Tensor[], () => tf.Tensor | tf.Tensor[]][] {
  const x = normal([32, 32, 32, 64], 7);
  const dy = normal([32, 32, 32, 64], 8);
  const scale = tf.ones([64]);
  const offset = tf.zeros([64]);
  const axes = [0, 1, 2];
  const mean = tf.mean(x, axes);
  const variance = tf.moments(x, axes).variance;
  const kernel = (name: string, inputs: tf.NamedTensorMap) => () => tf.engine().runKernel<tf.Tensor[]>(name, inputs, { epsilon: 1e-5 });
  const normalise = (): tf.Tensor => tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return [
    [
      'batch norm forward',
      kernel('SelfsupBatchNorm', { x, scale, offset }),
      () =>
        tf.tidy(() => {
          const moments = tf.moments(x, axes);
          return tf.batchNorm(
            x as tf.Tensor4D,
            moments.mean as tf.Tensor1D,
            moments.variance as tf.Tensor1D,
            offset as tf.Tensor1D,
            scale as tf.Tensor1D,
            1e-5,
          );
        }),
    ],
    [
      'batch norm gradient',
      kernel('SelfsupBatchNormGrad', { dy, x, mean, variance, scale }),
      () =>
        tf.tidy(() => {
          const normal = normalise();
          const dOffset = tf.sum(dy, axes);
          const dScale = tf.sum(tf.mul(dy, normal), axes);
          const shift = tf.add(tf.mul(normal, tf.div(dScale, 32 * 32 * 32)), tf.div(dOffset, 32 * 32 * 32));
          return [tf.mul(tf.sub(dy, shift), tf.mul(scale, tf.rsqrt(tf.add(variance, 1e-5)))), dScale, dOffset];
        }),
    ],
  ];
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
if (wanted === '' || wanted === 'norm') {
  const composed = batchNormBench().map(([, , run]) => median(run));
  const registration = await registerTrainingKernels();
  console.log(`${'ms of CPU time, [32, 32, 32, 64]'.padEnd(34)} ${'composed'.padStart(8)} ${registration.simd.padStart(8)}`);
  for (const [i, [name, run]] of batchNormBench().entries()) {
    console.log(`${name.padEnd(34)} ${composed[i]!.toFixed(2).padStart(8)} ${median(run).toFixed(2).padStart(8)}`);
  }
  registration.dispose();
}

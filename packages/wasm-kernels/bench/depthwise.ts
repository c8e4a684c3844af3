// GFLOP/s of the depthwise convolution and its gradients, ours and stock: `node --conditions=@selfsup/source bench/depthwise.ts`.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerTrainingKernels } from '../src/index.ts';

const RUNS = 7;

function median(run: () => tf.Tensor): number {
  tf.dispose(run());
  const start = performance.now();
  tf.dispose(run());
  const repeats = Math.max(1, Math.ceil(60 / (performance.now() - start)));
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const { user, system } = process.threadCpuUsage();
    for (let r = 0; r < repeats; r++) tf.dispose(run());
    const after = process.threadCpuUsage();
    times.push((after.user + after.system - user - system) / 1000 / repeats);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1]!;
}

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`);
await tf.setBackend('wasm');
const SHAPES = [
  [8, 112, 64, 3, 2, 1],
  [8, 56, 128, 3, 1, 1],
  [32, 32, 64, 3, 1, 1],
  [32, 14, 512, 3, 1, 1],
  [32, 7, 1024, 3, 1, 1],
  [32, 14, 240, 5, 1, 1],
  [32, 16, 32, 3, 1, 2],
] as const;
const results = new Map<string, string[]>();
const measure = (): void => {
  for (const [n, size, c, k, s, m] of SHAPES) {
    const out = Math.ceil(size / s);
    const x = tf.randomUniform([n, size, size, c], -1, 1, 'float32', 1);
    const filter = tf.randomUniform([k, k, c, m], -1, 1, 'float32', 2);
    const dy = tf.randomUniform([n, out, out, c * m], -1, 1, 'float32', 3);
    const attrs = { strides: [s, s], pad: 'same', dilations: [1, 1] };
    const gigaflop = (2 * n * out * out * k * k * c * m) / 1e9;
    for (const [kernel, inputs, extra] of [
      ['DepthwiseConv2dNative', { x, filter }, {}],
      ['DepthwiseConv2dNativeBackpropInput', { dy, filter }, { inputShape: x.shape }],
      ['DepthwiseConv2dNativeBackpropFilter', { x, dy }, { filterShape: filter.shape }],
    ] as const) {
      const key = `${kernel.padEnd(36)} [${n}, ${size}, ${size}, ${c}] ${k}x${k}/${s} m${m}`;
      let cell = '–';
      try {
        const ms = median(() => tf.engine().runKernel<tf.Tensor>(kernel, inputs, { ...attrs, ...extra }));
        cell = `${(gigaflop / (ms / 1000)).toFixed(1)} (${ms.toFixed(2)} ms)`;
      } catch {
        // the stock backend has no such kernel
      }
      results.set(key, [...(results.get(key) ?? []), cell]);
    }
    tf.dispose([x, filter, dy]);
  }
};
measure();
for (const simd of ['relaxed', 'plain'] as const) {
  const registration = await registerTrainingKernels({ simd });
  measure();
  registration.dispose();
}
for (const [key, cells] of results) console.log(key.padEnd(66), cells.map((cell) => cell.padStart(20)).join(''));

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerTrainingKernels, type SimdBuild, type TrainingKernels } from '../src/index.ts';
import { supportedSimd } from '../src/load-kernels.ts';
import { tuning } from '../src/threaded-kernels.ts';

/** The builds that this engine can run: Node 20 has no relaxed SIMD. */
export const builds: readonly SimdBuild[] = supportedSimd() === 'relaxed' ? ['relaxed', 'plain'] : ['plain'];

/** A build on so many threads. */
export interface Variant {
  readonly simd: SimdBuild;
  readonly threads: number;
}

/** What random cases run on, the reference of the bits first: plain SIMD rounds differently, and is compared with itself. */
export const variants: readonly Variant[] = [
  ...builds.map((simd) => ({ simd, threads: 1 })),
  ...(supportedSimd() === 'relaxed' ? (['wide', 'relaxed'] as const) : (['plain'] as const)).flatMap((simd) =>
    (simd === 'wide' ? [1, 2, 3] : [2]).map((threads) => ({ simd, threads })),
  ),
];

/** Builds on numbers of threads that `variants` leaves out: few cases of theirs are tested, many fuzzed. */
export const moreVariants: readonly Variant[] = [
  ...(supportedSimd() === 'relaxed' ? [{ simd: 'relaxed' as const, threads: 3 }] : []),
  ...[2, 3].map((threads) => ({ simd: 'plain' as const, threads })),
].filter(({ simd, threads }) => !variants.some((variant) => variant.simd === simd && variant.threads === threads));

/** A variant in words. */
export const nameOf = ({ simd, threads }: Variant): string => `${simd} SIMD, ${threads} thread${threads === 1 ? '' : 's'}`;

/** With Node 24 on x64 pairs of vectors are joined, as the wide build wants it: before anything is compiled. */
const joins = Number.parseInt(process.versions.node, 10) >= 24 && process.arch === 'x64';

let started = false;

async function start(shared: boolean): Promise<void> {
  const folder = `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`;
  if (!started) setWasmPaths(folder, shared);
  started = true;
  if (!shared) return;
  const { platform } = tf.env();
  const before = platform.fetch.bind(platform);
  // The limits of its memory, after the section's number, size and count: 1 is "with a maximum", 3 is "and shared".
  platform.fetch = (path) => {
    const binary = Uint8Array.from(readFileSync(path));
    const at = binary.findIndex((byte, i) => byte === 5 && binary[i + 2] === 1 && binary[i + 3] === 1 && binary[i + 1]! < 16);
    binary[at + 3] = 3;
    return Promise.resolve(new Response(binary));
  };
  try {
    await tf.setBackend('wasm');
  } finally {
    platform.fetch = before;
  }
}

/** Makes wasm the current backend and registers one build of the kernels. */
export async function startWasm(simd: SimdBuild): Promise<TrainingKernels> {
  if (!started) await start(false);
  await tf.setBackend('wasm');
  return registerTrainingKernels({ simd });
}

/** The same on a memory that threads share, where every call is forked, however small. */
export async function startVariant({ simd, threads }: Variant): Promise<TrainingKernels> {
  if (!started) {
    if (joins) setFlagsFromString('--experimental-wasm-revectorize');
    await start(true);
  }
  tuning.leastShare = 0;
  await tf.setBackend('wasm');
  const registration = await registerTrainingKernels({ simd, threads });
  if (registration.threads !== threads) throw new Error(`expected ${threads} threads: ${registration.description}`);
  return registration;
}

/** A number for the shapes and bits of outputs; all NaN count as one. */
export function bitsOf(outputs: readonly { shape: readonly number[]; data: Float32Array | Int32Array | Uint8Array }[]): string {
  const hash = createHash('sha1');
  for (const { shape, data } of outputs) {
    hash.update(shape.join());
    hash.update(data instanceof Float32Array ? data.map((value) => (Number.isNaN(value) ? NaN : value)) : data);
  }
  return hash.digest('hex');
}

/** A tensor as plain values, to be made on any backend. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
  readonly dtype?: 'float32' | 'int32' | 'bool';
}

/** Fills parts of the heap with NaN or with garbage of all magnitudes and frees them again, so that outputs and scratch start dirty. */
export function dirtyHeap(random: () => number): void {
  const sizes = [1 << 16, 1 << 12, 1 + Math.floor(random() * 5000), 1 + Math.floor(random() * 5000), 64];
  const garbage = random() < 0.5;
  const tensors = sizes.map((size) => {
    const words = new Int32Array(size);
    if (garbage) for (let i = 0; i < size; i++) words[i] = Math.imul(i + sizes[2]!, 0x9e3779b9);
    return tf.tensor1d(garbage ? new Float32Array(words.buffer) : new Float32Array(size).fill(NaN));
  });
  for (const tensor of tensors) tensor.dispose();
}

/** Runs a kernel by name on a backend and returns its outputs as plain arrays; throws if the kernel wrote to an input. */
export async function runKernel(
  backendName: string,
  kernelName: string,
  inputs: Readonly<Record<string, Values>>,
  attrs: tf.NamedAttrMap,
): Promise<{ shape: number[]; data: Float32Array | Int32Array | Uint8Array }[]> {
  await tf.setBackend(backendName);
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { values, shape, dtype }]) => [name, tf.tensor(values, [...shape], dtype ?? 'float32')]),
  );
  try {
    const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(kernelName, tensors, attrs);
    const outputs = Array.isArray(result) ? result : [result];
    const read = await Promise.all(outputs.map(async (t) => ({ shape: t.shape, data: (await t.data()) as Float32Array })));
    for (const output of outputs) output.dispose();
    if (backendName === 'wasm') {
      for (const [name, { values }] of Object.entries(inputs)) {
        const after = await tensors[name]!.data();
        if (!after.every((value, i) => Object.is(value, values[i]))) throw new Error(`${kernelName} wrote to its input ${name}`);
      }
    }
    return read;
  } finally {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  }
}

/** Numbers in [0, 1) from a seed (splitmix32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296;
  };
}

/** An integer in [low, high]. */
export function integer(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** One of the given values. */
export function pick<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

/** Values of both signs with some zeros, sometimes all of one sign. */
export function signedValues(random: () => number, shape: readonly number[]): Values {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const shift = pick(random, [0, 0, 0, -1, 1]);
  for (let i = 0; i < values.length; i++) values[i] = random() < 0.05 ? 0 : random() * 2 - 1 + shift;
  return { shape, values };
}

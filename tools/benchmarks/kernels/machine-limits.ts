import type { SimdBuild } from '@selfsup/wasm-kernels';
import { medianMs } from './measure.ts';

/** What this machine can do at most on one core, with the SIMD of a build in WebAssembly. */
export interface MachineLimits {
  /** 10⁹ floating-point operations per second: independent multiply-adds on registers alone. */
  readonly gigaflops: () => number;
  /** 10⁹ bytes per second, read and written together: a copy of 64 MiB. */
  readonly gigabytes: () => number;
}

const ROUNDS = 2_000_000;
const COPY_BYTES = 64 << 20;
const ACCUMULATORS = 12; // as many chains as hide the latency of a multiply-add, and as the register tile has

/** The wide build's vectors are pairs that the engine joins: each chain is two, whose results are stored side by side. */
const chains = (line: (i: number) => string): string => Array.from({ length: ACCUMULATORS }, (_, i) => line(i)).join('\n');

function source(simd: SimdBuild): string {
  const madd = simd === 'plain' ? 'f32x4.add(f32x4.mul(a, b), C)' : 'f32x4.relaxed_madd(a, b, C)';
  if (simd === 'wide') {
    return `
export function spin(rounds: i32, seed: f32): f32 {
  const a = f32x4.splat(seed);
  const b = f32x4.splat(seed * 0.5);
${chains((i) => `  let c${i} = f32x4.splat(0); let d${i} = f32x4.splat(0);`)}
  for (let i = 0; i < rounds; i++) {
${chains((i) => `    c${i} = ${madd.replace('C', `c${i}`)}; d${i} = ${madd.replace('C', `d${i}`)};`)}
  }
${chains((i) => `  v128.store(${i * 32}, c${i}); v128.store(${i * 32}, d${i}, 16);`)}
  return load<f32>(0);
}
export function copy(to: usize, from: usize, bytes: usize): void { memory.copy(to, from, bytes); }
`;
  }
  return `
export function spin(rounds: i32, seed: f32): f32 {
  const a = f32x4.splat(seed);
  const b = f32x4.splat(seed * 0.5);
${chains((i) => `  let c${i} = f32x4.splat(seed + ${i}.0);`)}
  for (let i = 0; i < rounds; i++) {
${chains((i) => `    c${i} = ${madd.replace('C', `c${i}`)};`)}
  }
  let sum = c0;
${chains((i) => (i === 0 ? '' : `  sum = f32x4.add(sum, c${i});`))}
  return f32x4.extract_lane(sum, 0);
}
export function copy(to: usize, from: usize, bytes: usize): void { memory.copy(to, from, bytes); }
`;
}

/** What is used of the compiler. Its own declarations would redefine Array for every tool. */
interface Compiler {
  main: (
    args: readonly string[],
    host: {
      readFile: (name: string) => string | null;
      writeFile: (name: string, contents: string | Uint8Array) => void;
      listFiles: () => string[];
    },
  ) => Promise<{ error: Error | null }>;
}

async function compile(simd: SimdBuild): Promise<Uint8Array<ArrayBuffer>> {
  const specifier: string = 'assemblyscript/asc';
  const { default: asc } = (await import(specifier)) as { default: Compiler };
  const files = new Map<string, string | Uint8Array>();
  const flags = ['--enable', 'simd', ...(simd === 'plain' ? [] : ['--enable', 'relaxed-simd'])];
  const { error } = await asc.main(['limits.ts', '-o', 'limits.wasm', '-O3', '--noAssert', '--runtime', 'stub', ...flags], {
    readFile: (name) => (name === 'limits.ts' ? source(simd) : null),
    writeFile: (name, contents) => {
      files.set(name, contents);
    },
    listFiles: () => [],
  });
  if (error) throw error;
  return files.get('limits.wasm') as Uint8Array<ArrayBuffer>;
}

/** Compiles the two loops and returns how to measure with them, now and again between other measurements. */
export async function measureLimits(simd: SimdBuild): Promise<MachineLimits> {
  const { instance } = await WebAssembly.instantiate(await compile(simd));
  const { spin, copy, memory } = instance.exports as unknown as {
    spin: (rounds: number, seed: number) => number;
    copy: (to: number, from: number, bytes: number) => void;
    memory: WebAssembly.Memory;
  };
  memory.grow((2 * COPY_BYTES) >> 16);
  return {
    gigaflops: () => (ROUNDS * ACCUMULATORS * (simd === 'wide' ? 16 : 8)) / 1e6 / medianMs(() => void spin(ROUNDS, 1e-9)),
    gigabytes: () =>
      (2 * COPY_BYTES) /
      1e6 /
      medianMs(() => {
        copy(COPY_BYTES, 0, COPY_BYTES);
      }),
  };
}

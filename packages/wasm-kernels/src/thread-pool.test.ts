import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextAddress, untouched, wasmBackend } from '../test/fill-heap.ts';
import { startVariant } from '../test/wasm-under-test.ts';
import { registerTrainingKernels, type TrainingKernels } from './index.ts';
import { loadKernels } from './load-kernels.ts';
import { startPool, type PoolParts, type ThreadPool } from './thread-pool.ts';
import { tuning } from './threaded-kernels.ts';

const GATE = 1024;
const PAGE = 65536;
const NO_GEOMETRY = { tensors: [], window: [] };

describe('a pool', () => {
  let pool: ThreadPool;
  let parts: PoolParts;
  let ended: Promise<unknown>[];
  const start = async (seats: number, jobLimit: number): Promise<Worker[]> => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    const { module, exports } = await loadKernels(memory, 'plain');
    parts = { module, memory, exports, gate: GATE, seats, names: ['matmul'], jobLimit };
    const workers: Worker[] = [];
    const listen = (worker: Worker): void => {
      workers.push(worker);
      ended.push(once(worker, 'exit'));
    };
    process.on('worker', listen);
    pool = await startPool(parts);
    process.off('worker', listen);
    return workers;
  };
  /** A product of ones on all members: operands at these addresses. */
  const multiply = ({
    a = PAGE,
    b = 2 * PAGE,
    m = 12,
    n = 32,
    transposeB = 0,
  }: Partial<Record<'a' | 'b' | 'm' | 'n' | 'transposeB', number>>): number[] => {
    const heap = new Float32Array(parts.memory.buffer);
    heap.fill(1, PAGE / 4, (3 * PAGE) / 4);
    const args = [a, b, 3 * PAGE, m, n, 16, 0, transposeB, 0, 0, 4 * PAGE];
    pool.run({ name: 'matmul', args, team: parts.seats, geometry: NO_GEOMETRY });
    return [...heap.subarray((3 * PAGE) / 4, (3 * PAGE) / 4 + m * n)];
  };
  beforeEach(() => {
    ended = [];
  });
  afterEach(async () => {
    pool.dispose();
    await Promise.all(ended); // every thread ends
  });

  it.each([2, 3, 5])('computes with %i members', async (seats) => {
    await start(seats, 10_000);
    for (let i = 0; i < 50; i++) expect(new Set(multiply({ m: 12 + i }))).toEqual(new Set([16]));
  });

  it('fails when a member fails after the barrier, and is broken then', async () => {
    await start(2, 10_000);
    const end = parts.memory.buffer.byteLength;
    // rows of member 0 lie inside of the memory, those of member 1 outside
    expect(() => multiply({ a: end - 6 * 16 * 4 })).toThrowErrorMatchingInlineSnapshot(
      `[SelfsupError: matmul: a thread of the team failed (thread 1: RuntimeError: memory access out of bounds); the kernels work on one thread from now on]`,
    );
    expect(pool.broken).toMatch('out of bounds');
  });

  it('fails when a member never comes to the barrier where the caller waits', async () => {
    await start(2, 10_000);
    const end = parts.memory.buffer.byteLength;
    // with b transposed a panel is rows of b: those that member 1 packs lie outside of the memory
    expect(() => multiply({ b: end - 8 * 16 * 4, n: 16, transposeB: 1 })).toThrow(
      /matmul: a thread of the team failed \(thread 1: .*out of bounds/,
    );
  });

  it('fails within its limit when a thread dies under it, and does not hang', async () => {
    const limit = 3000;
    const [worker] = await start(2, limit);
    void worker!.terminate(); // its end is told to a thread that waits below
    const from = performance.now();
    expect(() => multiply({})).toThrow('matmul: a thread of the team failed');
    expect(performance.now() - from).toBeLessThan(1.75 * limit); // not once at the barrier and once more for the end
  });

  it('refuses work after the end of a thread was told', async () => {
    const [worker] = await start(2, 10_000);
    await worker!.terminate();
    expect(() => multiply({})).toThrow('matmul: the threads cannot be used any more (thread 1 is gone: it ended with code 1)');
  });
});

describe('registered kernels on threads', () => {
  let registration: TrainingKernels | undefined;
  const before = tuning.jobLimit;
  afterEach(() => {
    registration?.dispose();
    registration = undefined;
    tuning.jobLimit = before;
    vi.restoreAllMocks();
  });
  const product = async (): Promise<number[]> => {
    const result = tf.tidy(() => tf.matMul(tf.ones([40, 30]), tf.ones([30, 50])));
    const values = [...new Set(await result.data())];
    result.dispose();
    return values;
  };

  it('say so, and go on alone after a thread was lost, with a warning', async () => {
    const workers: Worker[] = [];
    const listen = (worker: Worker): void => void workers.push(worker);
    process.on('worker', listen);
    registration = await startVariant({ simd: 'plain', threads: 2 });
    process.off('worker', listen);
    expect(registration.description).toBe('plain SIMD, 2 threads');
    expect(await product()).toEqual([30]);
    await workers.at(-1)!.terminate();
    await new Promise((resolve) => setTimeout(resolve, 50)); // the end of the thread is told
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    expect(await product()).toEqual([30]);
    expect(await product()).toEqual([30]);
    expect(warn).toHaveBeenCalledOnce();
    expect(registration.threads).toBe(1);
    expect(registration.description).toMatch(/^plain SIMD, 1 thread \(.*is gone/);
  });

  it('see a heap that has grown since they started', async () => {
    registration = await startVariant({ simd: 'plain', threads: 3 });
    const before = wasmBackend().wasm.HEAPU8.byteLength;
    const held = untouched(before); // at least as much again
    expect(wasmBackend().wasm.HEAPU8.byteLength).toBeGreaterThan(before);
    const far = tf.ones([600, 30]); // its rows, the product's and the scratch lie in new memory
    expect(nextAddress(1 << 20)).toBeGreaterThan(before);
    const result = tf.tidy(() => tf.matMul(far, tf.ones([30, 50])));
    expect(new Set(await result.data())).toEqual(new Set([30]));
    tf.dispose([held, far, result]);
  });

  it('give back the words of their barrier', async () => {
    (await startVariant({ simd: 'plain', threads: 2 })).dispose();
    const { wasm } = wasmBackend();
    const malloc = vi.spyOn(wasm as { _malloc: (bytes: number) => number }, '_malloc');
    const free = vi.spyOn(wasm as { _free: (offset: number) => void }, '_free');
    registration = await startVariant({ simd: 'plain', threads: 3 });
    registration.dispose();
    const taken = malloc.mock.results.map(({ value }) => value as number).filter((address) => address !== 0);
    const freed = free.mock.calls.map(([address]) => address);
    for (const address of taken) expect(freed).toContain(address);
  });

  it.each([0, 257, 1.5, '2', NaN])('refuse %s threads', async (threads) => {
    await expect(registerTrainingKernels({ threads: threads as number })).rejects.toThrow('`threads` must be a whole number from 1 to 256');
  });
});

describe.skipIf(!process.features.typescript)('a program on threads', () => {
  const program = new URL('../test/threaded-program.ts', import.meta.url);
  it('ends by itself', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@selfsup/source', fileURLToPath(program)], {
      timeout: 30_000,
    });
    expect(JSON.parse(stdout)).toEqual({ threads: 2, values: [30] });
  });

  it('runs in threads of its own, two at a time', async () => {
    const workers = [0, 1].map(() => new Worker(program, { execArgv: ['--conditions=@selfsup/source'] }));
    const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as unknown));
    expect(answers).toEqual([0, 1].map(() => ({ threads: 2, values: [30] })));
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
});

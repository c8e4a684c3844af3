import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { backendChecks, type BackendCheckOptions } from './backend-checks.ts';

/** What fails on the current backend, as `operation, kind`. */
async function failures(options: BackendCheckOptions = {}): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, run } of backendChecks({ cases: 3, ...options }))
    await run().catch((error: unknown) => {
      found[name] = (error as Error).message;
    });
  return found;
}

/** Puts another kernel in the place of one of the cpu backend, for the time of a call. */
async function withKernel<T>(kernelName: string, kernelFunc: tf.KernelFunc, call: () => Promise<T>): Promise<T> {
  const stock = tf.getKernel(kernelName, 'cpu');
  tf.unregisterKernel(kernelName, 'cpu');
  tf.registerKernel({ kernelName, backendName: 'cpu', kernelFunc });
  try {
    return await call();
  } finally {
    tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel(stock);
  }
}

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe('backendChecks', () => {
  it.each(['cpu', 'wasm'])('passes on %s', { timeout: 120_000 }, async (prefer) => {
    await selectBackend({ prefer, threads: 1 });
    expect(await failures()).toEqual({});
  });

  it('finds what stock wasm computes wrongly', async () => {
    await selectBackend({ prefer: 'wasm', threads: 1 });
    (await registerTrainingKernels()).dispose();
    const wanted = ['maxPool', 'relu6', 'sign', 'gather'];
    const found = Object.keys(await failures({ cases: 12, operations: wanted }));
    expect(found).toEqual(expect.arrayContaining(['maxPool, gradient', 'relu6, not finite', 'sign, not finite', 'gather, gradient']));
    expect(found).not.toContain('relu6, values');
  });

  it('says which element of which case is wrong, by which operand', async () => {
    await selectBackend({ prefer: 'cpu' });
    const stock = tf.getKernel('Square', 'cpu').kernelFunc;
    // a slip in the last element alone
    const slips: tf.KernelFunc = (call) => {
      const out = stock(call) as tf.TensorInfo;
      const values = (call.backend as unknown as { data: { get(id: object): { values: Float32Array } } }).data.get(out.dataId).values;
      values[values.length - 1]! += 1e-3;
      return out;
    };
    const found = await withKernel('Square', slips, () => failures({ operations: ['square', 'abs'] }));
    expect(Object.keys(found)).toEqual(['square, values']); // the gradient does not square, and among the infinite ones the last is
    expect(found['square, values']).toMatch(/^backendChecks: square of x \[.*\] \(case 0\): element \d+ must be [\d.]+, got [\d.]+$/);
  });

  it('finds a kernel that leaves its output as it found it', async () => {
    await selectBackend({ prefer: 'cpu' });
    const forgets: tf.KernelFunc = ({ inputs, backend }) => {
      const x = inputs['x'] as tf.TensorInfo;
      const cpu = backend as unknown as { makeTensorInfo(shape: number[], dtype: string, values: Float32Array): tf.TensorInfo };
      return cpu.makeTensorInfo(x.shape, 'float32', new Float32Array(x.shape.reduce((a, b) => a * b, 1)).fill(NaN));
    };
    const found = await withKernel('Tanh', forgets, () => failures({ operations: ['tanh'] }));
    expect(found['tanh, values']).toMatch(/must be .*, got NaN/);
  });

  it('draws the same cases for the same seed, and others for another', async () => {
    await selectBackend({ prefer: 'cpu' });
    const refuses: tf.KernelFunc = ({ inputs }) => {
      throw new Error(`[${(inputs['x'] as tf.TensorInfo).shape.join(', ')}]`);
    };
    const shapes = (seed: number) => withKernel('Floor', refuses, () => failures({ operations: ['floor'], seed }));
    expect(await shapes(1)).toEqual(await shapes(1));
    const messages: unknown[] = [];
    for (const seed of [2, 3, 4, 5]) messages.push((await shapes(seed))['floor, values']);
    expect(new Set(messages).size).toBeGreaterThan(1);
  });

  it('refuses options out of their range', () => {
    expect(() => backendChecks({ cases: 0 })).toThrow('`cases` must be an integer >= 1, got 0');
    expect(() => backendChecks({ seed: 0.5 })).toThrow('`seed` must be an integer, got 0.5');
    expect(() => backendChecks({ slack: 0 })).toThrow('`slack` must be > 0, got 0');
    expect(() => backendChecks({ operations: ['matmul'] })).toThrow(/`operations` must be of add, .*, got 'matmul'/);
  });
});

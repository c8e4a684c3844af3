import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builds, startWasm } from '../test/wasm-under-test.ts';
import { proveTurboshaft, proveWideVectors, registerTrainingKernels, SelfsupError, type TrainingKernels } from './index.ts';
import { compileUnder } from './load-kernels.ts';
import type { WasmBackend } from './wasm-backend.ts';

let registration: TrainingKernels;
beforeEach(async () => {
  registration = await startWasm('plain');
});
afterEach(() => {
  registration.dispose();
});

const code = (error: unknown): string => (error instanceof SelfsupError ? error.code : String(error));

describe('registerTrainingKernels', () => {
  it('refuses another backend', async () => {
    await tf.setBackend('cpu');
    await expect(registerTrainingKernels()).rejects.toMatchObject({ code: 'SELFSUP_BACKEND' });
  });

  it('is idempotent', async () => {
    expect(await registerTrainingKernels({ simd: 'plain' })).toBe(registration);
  });

  it('is so with threads that cannot be here, and knows how many were asked for', async () => {
    const four = await registerTrainingKernels({ simd: 'plain', threads: 4 });
    expect(four.description).toMatch(/^plain SIMD, 1 thread \(the memory of the wasm backend is not shared/);
    expect((await registerTrainingKernels({ simd: 'plain', threads: 4 })) === four).toBe(true);
    const one = await registerTrainingKernels({ simd: 'plain' });
    expect([one === four, one.description]).toEqual([false, 'plain SIMD, 1 thread']);
    one.dispose();
  });

  it('compiles anew after a flag of the engine has changed', async () => {
    compileUnder('a-flag');
    try {
      const later = await registerTrainingKernels({ simd: 'plain' });
      expect(later === registration).toBe(false);
      expect((await registerTrainingKernels({ simd: 'plain' })) === later).toBe(true);
      later.dispose();
    } finally {
      compileUnder();
    }
  });

  it.each([
    ['fast', '"fast"'],
    [null, 'null'],
    [Symbol('plain'), 'a symbol'],
    [{}, 'an object'],
  ])('refuses a build that there is not: %s', async (simd, got) => {
    await expect(registerTrainingKernels({ simd: simd as never })).rejects.toMatchObject({
      code: 'SELFSUP_OPTION',
      message: `registerTrainingKernels: \`simd\` must be 'wide', 'relaxed' or 'plain', got ${got}; without it the best one that runs here is taken`,
    });
  });

  it.each([
    ['nonsense', '"nonsense"'],
    ['/kernels/', '"/kernels/"'],
    [null, 'null'],
    [7, '7'],
  ])('refuses an address that is none: %s', async (assetsUrl, got) => {
    const message = (who: string) =>
      expect.stringContaining(`${who}: \`assetsUrl\` must be the whole URL of a folder, ending in '/', got ${got};`) as string;
    for (const [who, call] of Object.entries({
      registerTrainingKernels: () => registerTrainingKernels({ assetsUrl: assetsUrl as never }),
      proveWideVectors: () => proveWideVectors(assetsUrl as never),
      proveTurboshaft: () => proveTurboshaft(assetsUrl as never),
    }))
      await expect(call()).rejects.toMatchObject({ code: 'SELFSUP_OPTION', message: message(who) });
  });

  it.runIf(builds.includes('relaxed'))('replaces the build on request', async () => {
    const [one, two] = await Promise.all([registerTrainingKernels({ simd: 'relaxed' }), registerTrainingKernels({ simd: 'relaxed' })]);
    expect(two).toBe(one);
    expect(one.simd).toBe('relaxed');
    registration.dispose(); // an old handle does nothing any more
    expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeDefined();
    one.dispose();
  });

  it('puts the stock kernels back', () => {
    const ours = tf.getKernel('Conv2D', 'wasm');
    registration.dispose();
    expect(tf.getKernel('Conv2D', 'wasm')).not.toBe(ours);
    expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeUndefined();
  });

  it('says where the kernels were looked for', async () => {
    await expect(registerTrainingKernels({ simd: 'relaxed', assetsUrl: 'file:///nowhere/' })).rejects.toMatchObject({
      code: 'SELFSUP_BACKEND',
      message: expect.stringContaining('file:///nowhere/kernels.relaxed.wasm') as string,
    });
  });

  it('carries the brand that all selfsup errors share', () => {
    expect(Reflect.get(new SelfsupError('SELFSUP_SHAPE', ''), Symbol.for('selfsup.error'))).toBe(true);
  });

  it('throws SELFSUP_MEMORY for outputs and for scratch that the allocator refuses, and works again after it', async () => {
    registration.dispose();
    const { wasm } = tf.backend() as unknown as WasmBackend;
    const a = tf.ones<tf.Rank.R2>([40, 50]);
    const b = tf.ones<tf.Rank.R2>([50, 300]);
    const original = wasm._malloc;
    for (const allowed of [0, 1]) {
      let left = Infinity;
      wasm._malloc = (bytes) => (left-- > 0 ? original(bytes) : 0);
      registration = await registerTrainingKernels({ simd: 'plain' });
      left = allowed;
      let failure: unknown;
      try {
        tf.matMul(a, b);
      } catch (error) {
        failure = error;
      }
      left = Infinity;
      expect(code(failure)).toBe('SELFSUP_MEMORY');
      registration.dispose();
    }
    wasm._malloc = original;
    registration = await registerTrainingKernels({ simd: 'plain' });
    const c = tf.matMul(a, b);
    expect(new Set(await c.data())).toEqual(new Set([50]));
    tf.dispose([a, b, c]);
  });

  it('leaves the stock kernels working after dispose, refuses kernels that somebody kept, and starts again', async () => {
    const a = tf.tensor2d([[1, 2, 3]]);
    const kept = tf.getKernel('BatchMatMul', 'wasm').kernelFunc;
    const ours = tf.matMul(a, a, false, true);
    registration.dispose();
    registration.dispose();
    const stock = tf.matMul(a, a, false, true);
    expect(() => kept({ inputs: { a, b: a }, attrs: { transposeB: true }, backend: tf.backend() })).toThrow(
      'BatchMatMul: these kernels were disposed of; call registerTrainingKernels again',
    );
    registration = await registerTrainingKernels({ simd: 'plain' });
    const again = tf.matMul(a, a, false, true);
    for (const product of [ours, stock, again]) expect([...(await product.data())]).toEqual([14]);
    tf.dispose([a, ours, stock, again]);
  });

  it('trains a convolution: all gradients are there and finite', async () => {
    const x = tf.ones<tf.Rank.R4>([2, 8, 8, 3]);
    const w = tf.ones<tf.Rank.R4>([3, 3, 3, 4]);
    const loss = (a: tf.Tensor, b: tf.Tensor): tf.Scalar =>
      tf.sum(tf.maxPool(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same'), 2, 2, 'same'));
    const [dx, dw] = tf.grads(loss)([x, w]);
    expect((await dx!.data()).every(Number.isFinite)).toBe(true);
    expect((await dw!.data()).every(Number.isFinite)).toBe(true);
    tf.dispose([x, w, dx!, dw!]);
  });

  it('survives growth of the heap between two calls', async () => {
    const { wasm } = tf.backend() as unknown as WasmBackend;
    const before = wasm.HEAPU8.byteLength;
    const a = tf.ones<tf.Rank.R2>([7, 9]);
    const first = tf.matMul(a, a, false, true);
    const big = tf.zeros([before / 4]);
    const second = tf.matMul(a, a, false, true);
    expect(wasm.HEAPU8.byteLength).toBeGreaterThan(before);
    expect([...(await second.data())]).toEqual([...(await first.data())]);
    tf.dispose([a, first, big, second]);
  });
});

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { isSelfsupError, patchify } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import type { BackendSetup } from './backend-setup.ts';
import { builtinBackends } from './builtin-backends.ts';
import { proveBackend } from './prove-backend.ts';
import { selectBackend, type SelectBackendOptions } from './select-backend.ts';

/** The kernels of tfjs's cpu backend, before anything repairs them. */
const stock = new Map(tf.getKernelsForBackend('cpu').map((config) => [config.kernelName, config]));
/** Without a slash at its end. */
const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));

afterAll(async () => {
  await tf.setBackend('cpu');
});

describe('selectBackend', () => {
  it('selects the cpu backend and proves it', async () => {
    const backend = await selectBackend({ prefer: 'cpu' });
    expect([backend.name, tf.getBackend()]).toEqual(['cpu', 'cpu']);
  });

  it('names what stock wasm lacks and the cure', async () => {
    await expect(selectBackend({ prefer: 'wasm', trainingKernels: false })).rejects.toThrow(
      /backend 'wasm' cannot compute the filter gradient of a convolution .*install @selfsup\/wasm-kernels/s,
    );
  });

  it('takes wasm with the training kernels by itself', async () => {
    const backend = await selectBackend();
    expect([backend.name, tf.getBackend(), backend.rejected]).toEqual(['wasm', 'wasm', []]);
    expect(backend.description).toMatch(
      /^wasm \((relaxed|plain) SIMD, \d+ threads?, \d+ training kernels(, `wideVectors: 'auto'` may double the speed)?\)$/,
    );
  });

  it('computes on as many threads as it is told, and refuses what is no number of threads', async () => {
    expect((await selectBackend({ prefer: 'wasm', threads: 1 })).description).toContain(' SIMD, 1 thread, ');
    expect((await selectBackend({ prefer: 'wasm', threads: 3 })).description).toContain(' SIMD, 3 threads, ');
    for (const threads of [0, 1.5, NaN, 257, '2' as never])
      await expect(selectBackend({ threads })).rejects.toThrow(
        /^selectBackend: `threads` must be 'auto' or a whole number from 1 to 256, got /,
      );
  });

  it.each([
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [2n, '2n'],
    [Symbol('2'), 'a symbol'],
    [() => 2, 'a function'],
    [null, 'null'],
    ['2', '"2"'],
  ])('says what it got for an option: %s', async (value, got) => {
    await expect(selectBackend({ threads: value as never })).rejects.toMatchObject({
      code: 'SELFSUP_OPTION',
      message: `selectBackend: \`threads\` must be 'auto' or a whole number from 1 to 256, got ${got}`,
    });
    await expect(selectBackend({ wideVectors: value as never })).rejects.toMatchObject({
      code: 'SELFSUP_OPTION',
      message: `selectBackend: \`wideVectors\` must be 'auto', true or false, got ${got}`,
    });
  });

  it('refuses to insist on wide vectors where they cannot be', async () => {
    const cpu = builtinBackends.find(({ name }) => name === 'cpu')!;
    const mine: BackendSetup = { name: 'mine', setUp: (options) => cpu.setUp(options) };
    const refusals: [SelectBackendOptions, string][] = [
      [{ prefer: 'cpu' }, "'cpu' was asked for"],
      [{ prefer: 'webgpu' }, "'webgpu' was asked for"],
      [{ backends: [cpu] }, '`backends` is without it'],
      [{ backends: [mine], prefer: 'mine' }, "'mine' computes on cpu"],
    ];
    for (const [options, reason] of refusals)
      await expect(selectBackend({ ...options, wideVectors: true })).rejects.toMatchObject({
        code: 'SELFSUP_OPTION',
        message: `selectBackend: \`wideVectors: true\` insists on vectors of 256 bits, which only wasm has, but ${reason}; take wasm, or 'auto' or false for \`wideVectors\``,
      });
    await expect(selectBackend({ trainingKernels: false, wideVectors: true })).rejects.toThrow(
      /^selectBackend: `wideVectors: true` needs the training kernels/,
    );
    expect((await selectBackend({ prefer: 'cpu', wideVectors: 'auto' })).name).toBe('cpu');
  });

  it('says whether vectors are wide, or why not, and insists where it is told to', async () => {
    await expect(selectBackend({ wideVectors: 'yes' as never })).rejects.toThrow(/`wideVectors` must be 'auto', true or false, got "yes"/);
    const { description } = await selectBackend({ wideVectors: 'auto' });
    expect(description).toMatch(/wide SIMD|no 256-bit vectors: /);
    const insisting = selectBackend({ wideVectors: true }); // also where cpu would do
    if (description.includes('wide SIMD')) expect((await insisting).description).toBe(description);
    else await expect(insisting).rejects.toThrow(/`wideVectors`: no 256-bit vectors: /);
  });

  it('hands the choice of the convolution algorithm on', async () => {
    const backend = await selectBackend({ prefer: 'wasm', winograd: false });
    expect(backend.description).toContain('no Winograd');
    expect((await registerTrainingKernels({ winograd: false })).winograd).toBe(false);
    expect((await selectBackend({ prefer: 'wasm' })).description).not.toContain('no Winograd');
  });

  it('never falls from wasm to cpu without a word, and is not spoiled for a right path', async () => {
    const said: unknown[] = [];
    const { warn } = console;
    console.warn = (...words: unknown[]) => said.push(...words);
    try {
      const factory = tf.findBackendFactory('wasm');
      await tf.setBackend('cpu');
      tf.removeBackend('wasm');
      tf.registerBackend('wasm', factory, 2);
      const backend = await selectBackend({ wasmPath: '/nowhere' });
      expect(backend.name).toBe('cpu');
      expect(backend.rejected).toHaveLength(1);
    } finally {
      console.warn = warn;
    }
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^selectBackend: cpu \(plain JavaScript\) is used, many times slower than the backend that failed:\n- /);
    expect(said[0]).toContain('could not be loaded from /nowhere/tfjs-backend-wasm-simd.wasm (there is no such file)');
    expect(said[0]).toContain('serve tfjs-backend-wasm.wasm, tfjs-backend-wasm-simd.wasm, tfjs-backend-wasm-threaded-simd.wasm');
    expect(said[0]).toContain('With Vite:');
    expect((await selectBackend({ prefer: 'wasm', wasmPath: folder })).name).toBe('wasm');
  });

  it.each([
    ['wasm', 'reset'],
    ['wasm', 'removeBackend'],
    ['cpu', 'reset'],
    ['cpu', 'removeBackend'],
  ] as const)('can be called again after tfjs lost the backend: %s, %s', async (prefer, how) => {
    const first = await selectBackend({ prefer });
    if (how === 'reset') tf.engine().reset();
    else tf.removeBackend(prefer);
    expect((await selectBackend({ prefer })).description).toBe(first.description);
    const patches = tf.tidy(() => patchify(tf.ones([1, 4, 4, 1]), { patchSize: 2 }));
    const classes = tf.tidy(() => tf.oneHot(tf.tensor1d([1], 'int32'), 2));
    expect([...(await patches.data()), ...(await classes.data())]).toEqual([...Array<number>(16).fill(1), 0, 1]);
    tf.dispose([patches, classes]);
  });

  it('says where webgl is to be had', async () => {
    await expect(selectBackend({ prefer: 'webgl' })).rejects.toThrow(
      'webgl cannot be used here: WebGL is in browsers only; in Node choose webgpu, wasm or cpu',
    );
  });

  it('refuses an unknown name', async () => {
    await expect(selectBackend({ prefer: 'cuda' as 'cpu' })).rejects.toThrow(/must be one of auto, (\w+, )*wasm, (\w+, )*cpu, got 'cuda'/);
  });

  it('throws SELFSUP_MEMORY on an exhausted heap and stays usable', async () => {
    await selectBackend({ prefer: 'wasm' });
    const { wasm } = tf.backend() as BackendWasm;
    const held: number[] = [];
    let thrown: unknown;
    try {
      for (let i = 0; i < 10; i++) held.push((wasm as unknown as { _malloc(bytes: number): number })._malloc(2 ** 29));
    } catch (error) {
      thrown = error;
    }
    for (const address of held) (wasm as unknown as { _free(address: number): void })._free(address);
    expect(isSelfsupError(thrown) && thrown.code).toBe('SELFSUP_MEMORY');
    expect((thrown as Error).message).toContain('no memory for 536870912 bytes');
    await proveBackend();
  });
});

describe('proveBackend', () => {
  it.each([
    ['AvgPoolGrad', 'the gradient of an average-pool over the edge wrongly: expected [0.25, 1.25, 1.75, 6.75], got [0.25,'],
    ['ResizeNearestNeighborGrad', 'the gradient of upsampling two images wrongly: expected [14, 22, 46, 54], got ['],
  ])('finds what the stock cpu backend computes wrongly in %s', async (kernelName, message) => {
    await selectBackend({ prefer: 'cpu' });
    const repaired = tf.getKernel(kernelName, 'cpu');
    tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel(stock.get(kernelName)!);
    try {
      await expect(proveBackend()).rejects.toThrow(message);
    } finally {
      tf.unregisterKernel(kernelName, 'cpu');
      tf.registerKernel(repaired);
    }
  });

  it('says that gradients are missing, or that a kernel comes from another version of tfjs-core', async () => {
    await selectBackend({ prefer: 'cpu' });
    const [gradient, min] = [tf.getGradient('Sum'), tf.getKernel('Min', 'cpu')];
    tf.unregisterGradient('Sum');
    try {
      await expect(proveBackend()).rejects.toThrow(
        /cannot compute the filter gradient .*gradient function not found for Sum\); no gradients are registered: call `registerGradients\(\)` first/,
      );
    } finally {
      tf.registerGradient(gradient);
    }
    const use = (config: tf.KernelConfig) => {
      tf.unregisterKernel('Min', 'cpu');
      tf.registerKernel(config);
    };
    use({ ...min, kernelFunc: () => (tf.util as unknown as { gone: () => tf.TensorInfo }).gone() });
    try {
      await expect(proveBackend()).rejects.toThrow(
        /gone is not a function\); do all packages use @tensorflow\/tfjs-core 4\.22\.0\? `npm ls/,
      );
    } finally {
      use(min);
    }
  });

  it('fails on a kernel that computes wrongly', async () => {
    await selectBackend({ prefer: 'cpu' });
    const right = tf.getKernel('MaxPoolGrad', 'cpu');
    tf.unregisterKernel('MaxPoolGrad', 'cpu');
    tf.registerKernel({ ...right, kernelFunc: ({ inputs }) => tf.zerosLike(inputs.input as tf.Tensor) });
    try {
      await expect(proveBackend()).rejects.toThrow(
        "backend 'cpu' computes the gradient of a max-pool over negative values wrongly: expected [0, 0, 0, 1], got [0, 0, 0, 0]",
      );
    } finally {
      tf.unregisterKernel('MaxPoolGrad', 'cpu');
      tf.registerKernel(right);
    }
  });
});

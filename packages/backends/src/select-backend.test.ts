import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { isSelfsupError } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import { proveBackend } from './prove-backend.ts';
import { selectBackend } from './select-backend.ts';

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
    expect(backend.description).toMatch(/^wasm \((relaxed|plain) SIMD, \d+ training kernels\)$/);
  });

  it('hands the choice of the convolution algorithm on', async () => {
    const backend = await selectBackend({ prefer: 'wasm', winograd: false });
    expect(backend.description).toContain('no Winograd');
    expect((await registerTrainingKernels({ winograd: false })).winograd).toBe(false);
    expect((await selectBackend({ prefer: 'wasm' })).description).not.toContain('no Winograd');
  });

  it('refuses an unknown name', async () => {
    await expect(selectBackend({ prefer: 'cuda' as 'cpu' })).rejects.toThrow("must be one of auto, wasm, cpu, got 'cuda'");
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

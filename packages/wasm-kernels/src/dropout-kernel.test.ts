import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropoutCases } from '../test/cases/dropout.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { threefry } from '../test/threefry.ts';
import { builds, runKernel, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

it('is measured against a reference that gives the known answers of Random123', () => {
  expect(threefry([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe]);
  expect(threefry([-1, -1], [-1, -1])).toEqual([0x1cb996fc, 0xbb002be7]);
});

describeCases(dropoutCases);

describe.each(builds)('dropout (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it('multiplies by 0 or 1/(1 − rate), as the composed form does: NaN and −0 included', async () => {
    const x = { shape: [64], values: new Float32Array(64).fill(-1) };
    const attrs = { rate: 0.5, key0: 1, key1: 2 };
    const [ones] = await runKernel('wasm', 'SelfsupDropout', { x }, attrs);
    expect(new Set(ones!.data)).toEqual(new Set([-0, -2]));
    const [all] = await runKernel('wasm', 'SelfsupDropout', { x: { ...x, values: new Float32Array(64).fill(NaN) } }, attrs);
    expect(all!.data.every((v) => Number.isNaN(v))).toBe(true);
  });

  it('refuses a rate that is no multiple of 2⁻¹⁶ below 1', () => {
    const x = tf.ones([2]);
    for (const rate of [0.1, 1, -0.5, NaN]) {
      expect(() => tf.engine().runKernel('SelfsupDropout', { x }, { rate, key0: 0, key1: 0 })).toThrow(`got float32 and ${rate}`);
    }
    x.dispose();
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reductionCases } from '../test/cases/reduction.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(reductionCases);

describe('Sum', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it.each([
    ['one row', [1, 5_000_003], [0, 1], [5_000_003]],
    ['columns', [700_001, 5], [0], [700_001]],
    ['more columns than one tile', [3, 9001], [0], [3]],
  ])('is exact to float32 over many numbers of one sign: %s', async (_, shape, axis, [count]) => {
    const x = tf.fill(shape, Math.fround(0.1));
    const sum = tf.sum(x, axis);
    for (const value of await sum.data()) expect(Math.abs(value / (count! * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
    tf.dispose([x, sum]);
  });

  it('shares the data where only axes of length 1 go', async () => {
    const x = tf.tensor3d([1, 2, 3], [1, 3, 1]);
    const y = tf.sum(x, [0, 2]);
    x.dispose();
    expect(y.shape).toEqual([3]);
    expect([...(await y.data())]).toEqual([1, 2, 3]);
    y.dispose();
  });
});

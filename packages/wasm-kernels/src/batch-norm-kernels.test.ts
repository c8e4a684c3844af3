import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchNormCases } from '../test/cases/batch-norm.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(batchNormCases);

describe('batch norm', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('keeps the variance when the mean is large against the deviation', async () => {
    const x = tf.tensor2d([1000.5, 999.5, 1000.5, 999.5, 1000.5, 999.5], [6, 1]);
    const [one, zero] = [tf.ones([1]), tf.zeros([1])];
    const out = tf.engine().runKernel<tf.Tensor[]>('SelfsupBatchNorm', { x, scale: one, offset: zero }, { epsilon: 0 });
    expect((await out[1]!.data())[0]).toBe(1000);
    expect((await out[2]!.data())[0]).toBeCloseTo(0.25, 6);
    expect([...(await out[0]!.data())]).toEqual([1, -1, 1, -1, 1, -1]);
    tf.dispose([x, one, zero, ...out]);
  });

  it('names the input that does not fit', () => {
    const x = tf.ones([4, 3]);
    const scale = tf.ones([2]);
    expect(() => tf.engine().runKernel('SelfsupBatchNorm', { x, scale, offset: scale }, {})).toThrow('`scale` must be float32 [3]');
    tf.dispose([x, scale]);
  });
});

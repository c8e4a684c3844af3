import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchNormCases } from '../test/cases/batch-norm.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { statistics64 } from '../test/statistics64.ts';
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

  it('forgets no channel of a long tensor: sums in blocks of rows', async () => {
    const rows = 100_003;
    const x = tf.tidy(() => tf.add(tf.randomUniform([rows, 5], -1, 1, 'float32', 7), 100));
    const [scale, offset] = [tf.ones([5]), tf.zeros([5])];
    const [y, mean, variance] = tf.engine().runKernel<tf.Tensor[]>('SelfsupBatchNorm', { x, scale, offset }, { epsilon: 1e-5 });
    const expected = statistics64({ shape: x.shape, values: (await x.data()) as Float32Array }, 5, (i) => i % 5);
    (await mean!.data()).forEach((value, c) => {
      expect(Math.abs(value - expected.mean[c]!)).toBeLessThan(1e-5);
    });
    (await variance!.data()).forEach((value, c) => {
      expect(Math.abs(value / expected.variance[c]! - 1)).toBeLessThan(1e-6);
    });
    tf.dispose([x, scale, offset, y!, mean!, variance!]);
  });

  it('names the input that does not fit', () => {
    const x = tf.ones([4, 3]);
    const [scale, offset] = [tf.ones([2]), tf.ones([3])];
    expect(() => tf.engine().runKernel('SelfsupBatchNorm', { x, scale, offset }, {})).toThrow('`scale` must be float32 [3]');
    const inputs = { x, scale: offset, offset };
    const call = (more: tf.NamedTensorMap, attrs: tf.NamedAttrMap) => () =>
      tf.engine().runKernel('SelfsupBatchNorm', { ...inputs, ...more }, attrs);
    expect(call({ residual: scale }, {})).toThrow('`residual` must be float32 [4, 3] like `x`, got float32 [2]');
    expect(call({}, { activation: 'gelu' })).toThrow("`activation` must be 'linear' or 'relu', got 'gelu'");
    const grad = { dy: x, x, mean: offset, variance: offset, scale: offset };
    expect(() => tf.engine().runKernel('SelfsupBatchNormGrad', grad, { activation: 'relu' })).toThrow(
      '`offset` must be float32 [3], got nothing',
    );
    tf.dispose([x, scale, offset]);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossEntropyCases } from '../test/cases/cross-entropy.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { builds, runKernel, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(crossEntropyCases);

describe.each(builds)('cross entropy (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });
  const lossOf = async (row: readonly number[], label: number): Promise<number> => {
    const logits: Values = { shape: [1, row.length], values: Float32Array.from(row) };
    const labels: Values = { shape: [1], values: Int32Array.of(label), dtype: 'int32' };
    return (await runKernel('wasm', 'SelfsupSoftmaxCrossEntropy', { logits, labels }, {}))[0]!.data[0]!;
  };

  it('keeps the digits of a small loss among large logits, and takes any that are not NaN or +∞', async () => {
    expect((await lossOf([1000, 990, 980], 0)) / Math.log1p(Math.exp(-10) + Math.exp(-20))).toBeCloseTo(1, 3);
    expect(await lossOf([3e38, 3e38, -3e38], 1)).toBeCloseTo(Math.LN2, 6);
    expect(await lossOf([1, -Infinity], 1)).toBe(Infinity);
    expect(await lossOf([1, NaN], 0)).toBe(NaN);
    expect(await lossOf([-Infinity, -Infinity], 0)).toBe(NaN);
  });

  it('does not look at ignored rows, whatever they hold', async () => {
    const logits: Values = { shape: [2, 3], values: Float32Array.of(NaN, Infinity, 1, 0, 0, 0) };
    const labels: Values = { shape: [2], values: Int32Array.of(-100, 2), dtype: 'int32' };
    const [losses, logSumExp] = await runKernel('wasm', 'SelfsupSoftmaxCrossEntropy', { logits, labels }, {});
    expect([...losses!.data]).toEqual([0, Math.fround(Math.log(3))]);
    const levels: Values = { shape: [2], values: logSumExp!.data as Float32Array };
    const dy: Values = { shape: [2], values: Float32Array.of(NaN, 3) };
    const [dLogits] = await runKernel('wasm', 'SelfsupSoftmaxCrossEntropyGrad', { dy, logits, labels, logSumExp: levels }, {});
    expect([...dLogits!.data].map((v) => Math.round(v * 1e5) / 1e5)).toEqual([0, 0, 0, 1, 1, -2]);
  });

  it('refuses a label that is no class, and leaves nothing behind', () => {
    const logits = tf.ones([2, 3]);
    const labels = tf.tensor1d([2, 3], 'int32');
    const run = () => tf.engine().runKernel('SelfsupSoftmaxCrossEntropy', { logits, labels }, {});
    expect(run).toThrow('a label must be below 3, got 3 in row 1');
    tf.dispose([logits, labels]);
  });

  it('names the input that does not fit', () => {
    tf.tidy(() => {
      const [logits, labels] = [tf.ones([2, 3]), tf.tensor1d([0, 1], 'int32')];
      const run = (name: string, inputs: tf.NamedTensorMap) => () => tf.engine().runKernel(name, inputs, {});
      expect(run('SelfsupSoftmaxCrossEntropy', { logits: tf.ones([2]), labels })).toThrow(
        '`logits` must be float32 [n, classes], got float32 [2]',
      );
      expect(run('SelfsupSoftmaxCrossEntropy', { logits, labels: tf.ones([2]) })).toThrow('`labels` must be int32 [2], got float32 [2]');
      const rest = { logits, labels, logSumExp: tf.ones([2]), dy: tf.ones([3]) };
      expect(run('SelfsupSoftmaxCrossEntropyGrad', rest)).toThrow('`dy` must be float32 [2], got float32 [3]');
    });
  });
});

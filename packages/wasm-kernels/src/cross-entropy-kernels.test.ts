import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { builds, integer, pick, runKernel, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

function setting(random: () => number) {
  const classes = pick(random, [integer(random, 1, 9), integer(random, 10, 100), integer(random, 2000, 2100)]);
  const rows = integer(random, 0, 12);
  const logits = signedValues(random, [rows, classes]);
  const height = pick(random, [1, 20, 1000]);
  logits.values.forEach((v, i) => (logits.values[i] = v * height));
  const labels: Values = {
    shape: [rows],
    values: Int32Array.from({ length: rows }, () => (random() < 0.2 ? pick(random, [-1, -100]) : integer(random, 0, classes - 1))),
    dtype: 'int32',
  };
  const levels = Float64Array.from(labels.values, (label, r) => {
    const row = Float64Array.from(logits.values.subarray(r * classes, (r + 1) * classes));
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    return label < 0 ? 0 : Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0)) + largest;
  });
  return { classes, rows, logits, labels, levels };
}

describeKernel('cross entropy against float64', 'SelfsupSoftmaxCrossEntropy', (random) => {
  const { classes, logits, labels, levels } = setting(random);
  const losses = levels.map((level, r) => (labels.values[r]! < 0 ? 0 : level - logits.values[r * classes + labels.values[r]!]!));
  return { inputs: { logits, labels }, attrs: {}, expected: [losses, levels] };
});

describeKernel('cross entropy gradient against float64', 'SelfsupSoftmaxCrossEntropyGrad', (random) => {
  const { classes, rows, logits, labels, levels } = setting(random);
  const dy = signedValues(random, [rows]);
  const logSumExp: Values = { shape: [rows], values: Float32Array.from(levels) };
  // The kernel is given the log-sum-exp in float32: the definition starts from the same number.
  const dLogits = Float64Array.from(logits.values, (v, i) => {
    const r = Math.floor(i / classes);
    const label = labels.values[r]!;
    return label < 0 ? 0 : dy.values[r]! * (Math.exp(v - logSumExp.values[r]!) - Number(label === i % classes));
  });
  return { inputs: { dy, logits, labels, logSumExp }, attrs: {}, expected: [dLogits] };
});

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

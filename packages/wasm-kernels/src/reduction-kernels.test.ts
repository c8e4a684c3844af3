import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sumCases } from '../test/cases/sum.ts';
import { describeCases, describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(sumCases);

/** Sums in float64 over some axes, and how many numbers each holds. */
function sums({ shape, values }: Values, axes: readonly number[]): { sums: Float64Array; count: number } {
  const kept = shape.map((n, d) => (axes.includes(d) ? 1 : n));
  const result = new Float64Array(kept.reduce((a, b) => a * b, 1));
  values.forEach((v, i) => {
    let [rest, at, stride] = [i, 0, 1];
    for (let d = shape.length - 1; d >= 0; d--) {
      if (!axes.includes(d)) {
        at += (rest % shape[d]!) * stride;
        stride *= shape[d]!;
      }
      rest = Math.floor(rest / shape[d]!);
    }
    result[at]! += v;
  });
  return { sums: result, count: shape.reduce((product, n, d) => (axes.includes(d) ? product * n : product), 1) };
}

function reduction(random: () => number, sizes: readonly number[]) {
  const shape = Array.from({ length: integer(random, 1, 4) }, () => pick(random, sizes));
  const axis = shape.map((_, d) => d).filter(() => random() < 0.6);
  if (axis.length === 0) axis.push(integer(random, 0, shape.length - 1));
  return { x: signedValues(random, shape), attrs: { axis, keepDims: random() < 0.5 } };
}

describeKernel('Sum, empty tensors among others', 'Sum', (random) => {
  const { x, attrs } = reduction(random, [0, 1, 2, 3, 5]);
  return { inputs: { x }, attrs, expected: [sums(x, attrs.axis).sums] };
});

describeKernel('Sum against float64, long and short axes', 'Sum', (random) => {
  const { x, attrs } = reduction(random, [1, 2, 3, 4, 7, 8, 33, 70]);
  return { inputs: { x }, attrs, expected: [sums(x, attrs.axis).sums] };
});

describeKernel('Mean against float64', 'Mean', (random) => {
  const { x, attrs } = reduction(random, [1, 2, 3, 4, 7, 8, 33, 70]);
  const total = sums(x, attrs.axis);
  return { inputs: { x }, attrs, expected: [total.sums.map((sum) => sum / total.count)] };
});

describeKernel('Sum of int32 and bool, shapes of the cpu backend', 'Sum', (random) => {
  const { x, attrs } = reduction(random, [1, 2, 3, 5]);
  return { inputs: { x: { ...x, values: Int32Array.from(x.values, (v) => Math.round(v * 9)), dtype: 'int32' } }, attrs };
});

describeKernel('Mean of empty tensors among others: as on the cpu backend', 'Mean', (random) => {
  const { x, attrs } = reduction(random, [0, 1, 2, 3]);
  return { inputs: { x }, attrs };
});

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

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

type Random = () => number;

function indices(random: Random, shape: readonly number[], low: number, high: number): Values {
  const values = new Int32Array(shape.reduce((a, b) => a * b, 1)).map(() => integer(random, low, high));
  return { shape, values, dtype: 'int32' };
}

function source(random: Random, shape: readonly number[]): Values {
  const values = signedValues(random, shape);
  const kind = pick(random, ['float32', 'float32', 'int32', 'bool'] as const);
  if (kind === 'float32') return values;
  return { shape, values: Int32Array.from(values.values, (v) => (kind === 'bool' ? Number(v > 0) : Math.round(v * 100))), dtype: kind };
}

describeKernel('GatherV2', 'GatherV2', (random) => {
  const batchDims = integer(random, 0, 2);
  const batch = Array.from({ length: batchDims }, () => integer(random, 1, 3));
  const outer = Array.from({ length: integer(random, 0, 1) }, () => integer(random, 1, 3));
  const inner = Array.from({ length: integer(random, 0, 2) }, () => integer(random, 1, 6));
  const dim = integer(random, 1, 7);
  const axis = batchDims + outer.length;
  const shape = [...batch, ...outer, dim, ...inner];
  // The cpu backend checks indices against x.shape[axis]; int32 of rank batchDims and more.
  const rest = Array.from({ length: integer(random, batchDims === 0 ? 1 : 0, 2) }, () => integer(random, 1, 5));
  return { inputs: { x: source(random, shape), indices: indices(random, [...batch, ...rest], 0, dim - 1) }, attrs: { axis, batchDims } };
});

describeKernel('UnsortedSegmentSum', 'UnsortedSegmentSum', (random) => {
  const rows = pick(random, [integer(random, 1, 40), integer(random, 1, 400)]);
  const segments = pick(random, [integer(random, 1, 9), integer(random, 1, 3)]);
  const shape = [rows, ...Array.from({ length: integer(random, 0, 2) }, () => integer(random, 1, 7))];
  return {
    inputs: { x: signedValues(random, shape), segmentIds: indices(random, [rows], -1, segments) },
    attrs: { numSegments: segments },
  };
});

describe('gather through the operations', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('refuses an index outside the axis, and leaves nothing behind', () => {
    const x = tf.tensor2d([[1, 2]]);
    const bad = tf.tensor1d([0, 3], 'int32');
    expect(() => tf.gather(x, bad, 1)).toThrow('the index value 3 is not in [0, 1]');
    tf.dispose([x, bad]);
  });

  it('sums int32 and bool rows as integers', async () => {
    const ids = tf.tensor1d([1, 0, 1], 'int32');
    const x = tf.tensor1d([5, 7, -2], 'int32');
    const mask = tf.tensor1d([true, true, true], 'bool');
    const integers = tf.unsortedSegmentSum(x, ids, 2);
    const bools = tf.unsortedSegmentSum(mask, ids, 2);
    expect(integers.dtype).toBe('int32');
    expect([...(await integers.data())]).toEqual([7, 3]);
    expect([...(await bools.data())]).toEqual([1, 2]);
    tf.dispose([ids, x, mask, integers, bools]);
  });

  it('sums many rows of one segment without drift', async () => {
    const rows = 50_000;
    const x = tf.fill([rows, 3], 0.1);
    const ids = tf.tensor1d(
      Int32Array.from({ length: rows }, (_, i) => i & 1),
      'int32',
    );
    const sums = tf.unsortedSegmentSum(x, ids, 2);
    for (const sum of await sums.data()) expect(Math.abs(sum / (25_000 * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
    tf.dispose([x, ids, sums]);
  });

  it('refuses segment ids of another length', () => {
    const x = tf.ones([3, 2]);
    const ids = tf.tensor1d([0, 1], 'int32');
    expect(() => tf.engine().runKernel('UnsortedSegmentSum', { x, segmentIds: ids }, { numSegments: 2 })).toThrow('must have shape [3]');
    tf.dispose([x, ids]);
  });
});

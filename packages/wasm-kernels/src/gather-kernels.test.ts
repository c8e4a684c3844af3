import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherCases } from '../test/cases/gather.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(gatherCases);

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

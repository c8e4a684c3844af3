import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupNormCases } from '../test/cases/group-norm.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(groupNormCases);

describe('group norm', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('keeps the variance when the mean is large against the deviation, and when channels lie far apart', async () => {
    const x = tf.tensor3d([1000.5, 2000.5, 999.5, 1999.5], [1, 2, 2]);
    const [one, zero] = [tf.ones([2]), tf.zeros([2])];
    const of = (numGroups: number) =>
      tf.engine().runKernel<tf.Tensor[]>('SelfsupGroupNorm', { x, scale: one, offset: zero }, { numGroups, epsilon: 0 });
    const [apart, together] = [of(2), of(1)];
    expect([...(await apart[1]!.data())]).toEqual([1000, 2000]);
    expect([...(await apart[2]!.data())]).toEqual([0.25, 0.25]);
    expect([...(await together[1]!.data())]).toEqual([1500]);
    expect([...(await together[2]!.data())]).toEqual([250000.25]);
    tf.dispose([x, one, zero, ...apart, ...together]);
  });

  it('names what does not fit', () => {
    const [x, one] = [tf.ones([2, 4, 6]), tf.ones([6])];
    const run =
      (inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap, name = 'SelfsupGroupNorm') =>
      () =>
        tf.engine().runKernel(name, inputs, attrs);
    expect(run({ x, scale: one, offset: one }, { numGroups: 4 })).toThrow('`numGroups` must divide the 6 channels, got 4');
    expect(run({ x, scale: one }, { numGroups: 2 })).toThrow('`offset` must be float32 [6], got nothing');
    const grad = run({ dy: x, x, scale: one, mean: one, variance: one }, { numGroups: 2 }, 'SelfsupGroupNormGrad');
    expect(grad).toThrow('`mean` must be float32 [2, 2], got float32 [6]');
    tf.dispose([x, one]);
  });
});

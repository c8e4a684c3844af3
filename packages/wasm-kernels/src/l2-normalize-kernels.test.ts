import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { l2NormalizeCases } from '../test/cases/l2-normalize.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(l2NormalizeCases);

describe('division of rows by their norms', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('neither overflows nor vanishes, and gives no gradient where the norm exceeds float32', async () => {
    const x = tf.tensor2d([3e38, 3e38, 3e-30, 4e-30, 0, 0], [3, 2]);
    const [y, norm] = tf.engine().runKernel<tf.Tensor[]>('SelfsupL2Normalize', { x }, { epsilon: 1e-38 });
    expect([...(await y!.data())]).toEqual([Math.SQRT1_2, Math.SQRT1_2, 0.6, 0.8, 0, 0].map(Math.fround));
    expect([...(await norm!.data())]).toEqual([Infinity, Math.fround(5e-30), 0]);
    const dy = tf.ones([3, 2]);
    const dx = tf.engine().runKernel<tf.Tensor>('SelfsupL2NormalizeGrad', { dy, y: y!, norm: norm! }, { epsilon: 1e-38 });
    const gradient = await dx.data();
    expect([...gradient.slice(0, 2), ...gradient.slice(4)]).toEqual([0, 0, 0, 0]);
    expect(gradient[2]! * 5e-30).toBeCloseTo(1 - 0.6 * 1.4, 6);
    tf.dispose([x, y!, norm!, dy, dx]);
  });

  it('names what does not fit', () => {
    const [x, y] = [tf.scalar(1), tf.ones([2, 3])];
    expect(() => tf.engine().runKernel('SelfsupL2Normalize', { x }, {})).toThrow('expected a float32 tensor [..., dim], got float32 []');
    expect(() => tf.engine().runKernel('SelfsupL2NormalizeGrad', { dy: x, y, norm: x }, {})).toThrow(
      '`dy` must be float32 [2, 3], got float32 []',
    );
    tf.dispose([x, y]);
  });
});

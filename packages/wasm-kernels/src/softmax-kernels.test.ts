import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { softmaxCases } from '../test/cases/softmax.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { builds, runKernel, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(softmaxCases);

describe.each(builds)('softmax (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });
  const row = (...values: number[]): Values => ({ shape: [1, values.length], values: Float32Array.from(values) });

  it('has zeros where all is hidden, and keeps a NaN in its row', async () => {
    const x: Values = { shape: [3, 5], values: Float32Array.from([1, 2, 3, 4, 5, NaN, 1, 1, 1, 1, 0, 0, 0, 0, 0]) };
    const mask: Values = { shape: [3, 5], values: new Float32Array(15).fill(-Infinity, 0, 5) };
    const [y] = await runKernel('wasm', 'SelfsupMaskedSoftmax', { x, mask }, {});
    const fifth = Math.fround(0.2);
    expect([...y!.data]).toEqual([0, 0, 0, 0, 0, NaN, NaN, NaN, NaN, NaN, fifth, fifth, fifth, fifth, fifth]);
  });

  it('takes logits of any height, and −∞ among them', async () => {
    const softmax = async (...values: number[]) => [
      ...(await runKernel('wasm', 'Softmax', { logits: row(...values) }, { dim: 1 }))[0]!.data,
    ];
    expect(await softmax(3e38, 3e38, -3e38, -Infinity)).toEqual([0.5, 0.5, 0, 0]);
    expect(await softmax(-3e38, -Infinity)).toEqual([1, 0]);
    expect((await softmax(Infinity, 1))[0]).toBe(NaN);
  });

  it('names the mask that it cannot address', () => {
    tf.tidy(() => {
      const x = tf.ones([2, 3, 2, 4]);
      for (const mask of [tf.ones([1, 3, 1, 4]), tf.ones([2, 1, 1, 1]), tf.ones([3]), tf.ones([1, 2, 3, 2, 4]), tf.ones([4], 'int32')])
        expect(() => tf.engine().runKernel('SelfsupMaskedSoftmax', { x, mask }, {})).toThrow(
          'SelfsupMaskedSoftmax: `mask` must be float32',
        );
      expect(() => tf.engine().runKernel('SelfsupMaskedSoftmaxGrad', { y: x, dy: tf.ones([4]) }, {})).toThrow(
        '`dy` must be float32 [2, 3, 2, 4]',
      );
    });
  });
});

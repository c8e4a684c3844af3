// A NaN has to stay visible: tfjs's tests and its cpu backend say where it passes (bounds, averages) and where it is passed over (maxima of windows).
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clampCases } from '../test/cases/clamp.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { builds, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(clampCases);

/** NaN with the sign bit set: what x86 makes of 0/0. */
const minusNan = new Float32Array(Uint32Array.of(0xffc00000).buffer)[0]!;

describe.each(builds)('NaN (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });
  const values = async (compute: () => tf.Tensor): Promise<number[]> => {
    const tensor = tf.tidy(compute);
    const read = [...(await tensor.data())];
    tensor.dispose();
    return read;
  };
  const wide = (window: number[]): tf.Tensor4D => tf.tile(tf.tensor4d(window, [1, 2, 2, 1]), [1, 1, 1, 21]);
  const nan = () => tf.tensor1d([NaN, minusNan, -1, 0.5, 7]);

  it('passes through relu, relu6 and clipByValue, whatever its sign', async () => {
    expect(await values(() => tf.relu(nan()))).toEqual([NaN, NaN, 0, 0.5, 7]);
    expect(await values(() => tf.relu6(nan()))).toEqual([NaN, NaN, 0, 0.5, 6]);
    expect(await values(() => tf.clipByValue(nan(), -0.5, 1))).toEqual([NaN, NaN, -0.5, 0.5, 1]);
    expect(await values(() => tf.relu(tf.div(tf.zeros([3]), tf.zeros([3]))))).toEqual([NaN, NaN, NaN]);
  });

  it('passes through maximum and minimum from either side', async () => {
    for (const extremum of [tf.maximum, tf.minimum]) {
      expect((await values(() => extremum(nan(), tf.scalar(1)))).slice(0, 2)).toEqual([NaN, NaN]);
      expect((await values(() => extremum(tf.scalar(1), nan()))).slice(0, 2)).toEqual([NaN, NaN]);
      expect(await values(() => extremum(tf.tensor2d([[1], [2]]), tf.tensor1d([NaN, 3])))).toEqual(
        extremum === tf.maximum ? [NaN, 3, NaN, 3] : [NaN, 1, NaN, 2],
      );
    }
  });

  it('makes an average of its window NaN, and no other', async () => {
    const x = () => tf.tensor4d([NaN, 1, 2, 3, 4, 5, 6, 7, 8], [1, 3, 3, 1]);
    expect(await values(() => tf.avgPool(x(), 2, 1, 'valid'))).toEqual([NaN, 3, 5, 6]);
  });

  it('is passed over by a maximum, wherever it stands in the window; a window of nothing else gives -Infinity', async () => {
    for (let place = 0; place < 4; place++) {
      const window = [-4, -3, -2, -1].map((v, i) => (i === place ? NaN : v));
      const right = place === 3 ? -2 : -1;
      expect(await values(() => tf.maxPool(tf.tensor4d(window, [1, 2, 2, 1]), 2, 1, 'valid'))).toEqual([right]);
      expect(await values(() => tf.maxPool(wide(window), 2, 1, 'valid'))).toEqual(Array(21).fill(right));
      expect(await values(() => tf.maxPool3d(tf.tensor5d(window, [1, 2, 2, 1, 1]), [2, 2, 1], 1, 'valid'))).toEqual([right]);
      const image = tf.tensor4d(window, [1, 2, 2, 1]);
      const { result, indexes } = tf.maxPoolWithArgmax<tf.Tensor4D>(image, 2, 1, 'valid') as Record<string, tf.Tensor>;
      expect([...(await result!.data()), ...(await indexes!.data())]).toEqual([right, place === 3 ? 2 : 3]);
      tf.dispose([image, result!, indexes!]);
    }
    expect(await values(() => tf.maxPool(tf.fill<tf.Rank.R4>([1, 2, 2, 5], NaN), 2, 1, 'valid'))).toEqual(Array(5).fill(-Infinity));
  });

  it('passes through fused activations that are not fused here, after a bias that broadcasts', async () => {
    const product = () =>
      tf.fused.matMul({ a: tf.tensor2d([[1], [NaN]]), b: tf.ones([1, 2]), bias: tf.tensor2d([[1], [1]]), activation: 'relu6' });
    expect(await values(product)).toEqual([2, 2, NaN, NaN]);
  });
});

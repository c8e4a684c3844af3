import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convolutionCases } from '../test/cases/convolution.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { randomFrom, signedValues, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(convolutionCases);

describe('layout and rounding of a convolution', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('pads an NCHW image where the list says so', async () => {
    const [x, filter] = [tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]), tf.tensor4d([3, 1, 5, 0], [2, 2, 1, 1])];
    const pad: [number, number][] = [
      [0, 0],
      [0, 0],
      [0, 1],
      [0, 1],
    ];
    const conv = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, pad as never, 'NCHW');
    const y = conv(x, filter);
    expect(y.shape).toEqual([1, 1, 2, 2]);
    expect([...(await y.data())]).toEqual([20, 26, 13, 12]);
    const [dx, dFilter] = tf.grads(conv)([x, filter]);
    expect([...(await dx!.data())]).toEqual([3, 4, 8, 9]); // the taps that reach each pixel
    expect([...(await dFilter!.data())]).toEqual([10, 6, 7, 4]); // the pixels that each tap meets
    tf.dispose([x, filter, y, dx!, dFilter!]);
  });

  it('fuses in NCHW as well: a bias and slopes per channel, activations, explicit padding', async () => {
    const [x, filter] = [tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]), tf.tensor4d([1, -1], [1, 1, 1, 2])];
    const [bias, slopes] = [tf.tensor1d([10, 1]), tf.tensor1d([1, 0.5])];
    const operands = { x, filter, strides: 1, pad: 'same', dataFormat: 'NCHW', bias } as const;
    const results = [
      tf.fused.conv2d({ ...operands, activation: 'prelu', preluActivationWeights: slopes }),
      tf.fused.conv2d({ ...operands, activation: 'relu6' }),
    ];
    expect(results.map(({ shape }) => shape)).toEqual([
      [1, 2, 2, 2],
      [1, 2, 2, 2],
    ]);
    expect([...(await results[0]!.data())]).toEqual([11, 12, 13, 14, 0, -0.5, -1, -1.5]);
    expect([...(await results[1]!.data())]).toEqual([6, 6, 6, 6, 0, 0, 0, 0]);
    tf.dispose([x, filter, bias, slopes, ...results]);
  });

  it.each(['floor', 'ceil'] as const)(
    'has the gradient of the forward pass that rounds to %s, which tfjs does not pass on',
    async (rounding) => {
      const random = randomFrom(5);
      const [x, filter] = [
        tf.tensor4d(signedValues(random, [2, 6, 6, 3]).values, [2, 6, 6, 3]),
        tf.randomNormal([3, 3, 3, 4], 0, 1, 'float32', 7),
      ];
      const conv = (input: tf.Tensor): tf.Tensor => tf.conv2d(input as tf.Tensor4D, filter as tf.Tensor4D, 2, 1, 'NHWC', 1, rounding);
      const y = conv(x);
      expect(y.shape[1]).toBe(rounding === 'ceil' ? 4 : 3);
      const dy = tf.tensor(signedValues(random, y.shape).values, y.shape);
      const dx = tf.grad(conv)(x, dy);
      const [left, right] = [tf.tidy(() => tf.sum(tf.mul(y, dy))), tf.tidy(() => tf.sum(tf.mul(x, dx)))];
      expect((await right.data())[0]).toBeCloseTo((await left.data())[0]!, 3); // ⟨conv(x), dy⟩ = ⟨x, convᵀ(dy)⟩
      tf.dispose([x, filter, y, dy, dx, left, right]);
    },
  );
});

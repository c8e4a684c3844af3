import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolingCases } from '../test/cases/pooling.ts';
import { describeCases, describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, randomFrom, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

type Pad = 'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];

/** A random pooling: windows up to 4×4, some larger than the stride, some smaller, all kinds of padding. */
function pooling(random: () => number) {
  const shape: [number, number, number, number] = [
    integer(random, 1, 3),
    integer(random, 4, 10),
    integer(random, 4, 10),
    integer(random, 1, 9),
  ];
  const filterSize: [number, number] = [integer(random, 1, 4), integer(random, 1, 4)];
  const strides: [number, number] = [integer(random, 1, 3), integer(random, 1, 3)];
  const most = Math.min(...filterSize) - 1;
  const side = (): [number, number] => [integer(random, 0, most), integer(random, 0, most)];
  const pad = pick<Pad>(random, ['same', 'valid', integer(random, 0, most), [[0, 0], side(), side(), [0, 0]]]);
  const round = pad === 'same' || pad === 'valid' ? undefined : pick(random, ['floor', 'ceil'] as const);
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, round);
  return { shape, info, attrs: { filterSize, strides, pad } };
}

/** Visits the pixels of every window: an index of the output, the indices of its inputs. */
function windows(info: tf.backend_util.Conv2DInfo, visit: (output: number, inputs: number[]) => void): void {
  let output = 0;
  for (let n = 0; n < info.batchSize; n++)
    for (let oh = 0; oh < info.outHeight; oh++)
      for (let ow = 0; ow < info.outWidth; ow++)
        for (let c = 0; c < info.inChannels; c++) {
          const inputs: number[] = [];
          for (let i = 0; i < info.filterHeight; i++)
            for (let j = 0; j < info.filterWidth; j++) {
              const [h, w] = [oh * info.strideHeight - info.padInfo.top + i, ow * info.strideWidth - info.padInfo.left + j];
              if (h < 0 || w < 0 || h >= info.inHeight || w >= info.inWidth) continue;
              inputs.push(((n * info.inHeight + h) * info.inWidth + w) * info.inChannels + c);
            }
          visit(output++, inputs);
        }
}

describeKernel('MaxPoolGrad', 'MaxPoolGrad', (random) => {
  const { shape, info, attrs } = pooling(random);
  // All signs, all ≤ 0, all < 0, and coarse values so that ties are common.
  const kind = pick(random, ['signed', 'nonPositive', 'negative', 'ties', 'zeros']);
  const input: Values = signedValues(random, shape);
  for (let i = 0; i < input.values.length; i++) {
    const v = input.values[i]!;
    if (kind === 'nonPositive') input.values[i] = Math.min(v, 0);
    if (kind === 'negative') input.values[i] = -Math.abs(v) - 0.01;
    if (kind === 'ties') input.values[i] = Math.round(v * 2) - 1;
    if (kind === 'zeros') input.values[i] = 0;
  }
  const dy = signedValues(random, info.outShape);
  const output = { shape: info.outShape, values: new Float32Array(dy.values.length) };
  const dx = new Float64Array(input.values.length);
  windows(info, (at, inputs) => {
    const first = inputs.reduce((best, i) => (input.values[i]! > input.values[best]! ? i : best), inputs[0]!);
    if (inputs.length > 0) dx[first]! += dy.values[at]!;
  });
  return { inputs: { dy, input, output }, attrs, expected: [dx] };
});

describeKernel('AvgPoolGrad', 'AvgPoolGrad', (random) => {
  const { shape, info, attrs } = pooling(random);
  const dy = signedValues(random, info.outShape);
  const dx = new Float64Array(shape.reduce((a, b) => a * b, 1));
  windows(info, (at, inputs) => {
    for (const i of inputs) dx[i]! += dy.values[at]! / inputs.length;
  });
  return { inputs: { dy, input: signedValues(random, shape) }, attrs, expected: [dx] };
});

describe('the gradient of average pooling', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it.each(['same', 'valid', 1] as const)('is that of the forward pass, which is linear: padding %s', async (pad) => {
    const random = randomFrom(3);
    const x = tf.tensor4d(signedValues(random, [2, 5, 6, 3]).values, [2, 5, 6, 3]);
    const pool = (input: tf.Tensor) => tf.avgPool(input as tf.Tensor4D, 3, 2, pad, pad === 1 ? 'floor' : undefined);
    const y = pool(x);
    const dy = tf.tensor(signedValues(random, y.shape).values, y.shape);
    const dx = tf.grad(pool)(x, dy);
    const [left, right] = [tf.tidy(() => tf.sum(tf.mul(y, dy))), tf.tidy(() => tf.sum(tf.mul(x, dx)))];
    expect((await right.data())[0]).toBeCloseTo((await left.data())[0]!, 4); // ⟨pool(x), dy⟩ = ⟨x, poolᵀ(dy)⟩
    tf.dispose([x, y, dy, dx, left, right]);
  });
});

describeCases(poolingCases);

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolingCases } from '../test/cases/pooling.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { randomFrom, signedValues, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(poolingCases);

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

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optimizerCases } from '../test/cases/optimizers.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(optimizerCases);

describe('optimizer kernels', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('write no input', async () => {
    const inputs = Object.fromEntries(
      ['gradient', 'velocity', 'variable', 'firstMoment', 'secondMoment', 'old', 'fresh'].map((name) => [name, tf.ones([5])] as const),
    );
    for (const name of ['SelfsupSgdUpdate', 'SelfsupAdamWUpdate', 'SelfsupLarsUpdate', 'SelfsupEmaUpdate']) {
      const attrs = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.1, count: 1 };
      tf.dispose(tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs));
    }
    for (const tensor of Object.values(inputs)) expect([...(await tensor.data())]).toEqual([1, 1, 1, 1, 1]);
    tf.dispose(inputs);
  });

  it('scale a LARS step whose squares exceed float32', async () => {
    const [big, zero] = [tf.fill([8], 1e25), tf.zeros([8])];
    const attrs = { learningRate: 1, momentum: 0, trustCoefficient: 0.01 };
    const [update, velocity] = tf
      .engine()
      .runKernel<tf.Tensor[]>('SelfsupLarsUpdate', { gradient: big, velocity: zero, variable: big }, attrs);
    for (const value of await update!.data()) expect(value / -1e23).toBeCloseTo(1, 5);
    tf.dispose([big, zero, update!, velocity!]);
  });

  it('name the input that does not fit', () => {
    const [three, two] = [tf.ones([3]), tf.ones([2])];
    const run = (name: string, inputs: tf.NamedTensorMap) => () => tf.engine().runKernel(name, inputs, {});
    expect(run('SelfsupSgdUpdate', { gradient: three, velocity: two })).toThrow(
      'SelfsupSgdUpdate: `velocity` must be float32 [3], got float32 [2]',
    );
    expect(run('SelfsupAdamWUpdate', { gradient: three, firstMoment: three })).toThrow('`secondMoment` must be float32 [3], got nothing');
    expect(run('SelfsupEmaUpdate', { old: two, fresh: three })).toThrow('`fresh` must be float32 [2], got float32 [3]');
    tf.dispose([three, two]);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

function statistics(x: Values, channels: number) {
  const rows = x.values.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  x.values.forEach((v, i) => (mean[i % channels]! += v / rows));
  x.values.forEach((v, i) => (variance[i % channels]! += (v - mean[i % channels]!) ** 2 / rows));
  return { rows, mean, variance };
}

function setting(random: () => number) {
  const shape = pick(random, [
    [integer(random, 2, 200), integer(random, 1, 19)],
    [integer(random, 1, 3), integer(random, 2, 9), integer(random, 2, 9), integer(random, 1, 19)],
  ]);
  const channels = shape.at(-1)!;
  const x = signedValues(random, shape);
  return { shape, channels, x, scale: signedValues(random, [channels]), epsilon: pick(random, [1e-5, 1e-3]) };
}

describeKernel('batch norm against float64', 'SelfsupBatchNorm', (random) => {
  const { x, channels, scale, epsilon } = setting(random);
  const offset = signedValues(random, [channels]);
  const { mean, variance } = statistics(x, channels);
  const y = Float64Array.from(x.values, (v, i) => {
    const c = i % channels;
    return ((v - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * scale.values[c]! + offset.values[c]!;
  });
  return { inputs: { x, scale, offset }, attrs: { epsilon }, expected: [y, mean, variance] };
});

describeKernel('batch norm gradient against float64', 'SelfsupBatchNormGrad', (random) => {
  const { x, shape, channels, scale, epsilon } = setting(random);
  const dy = signedValues(random, shape);
  const { rows, mean, variance } = statistics(x, channels);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const given = { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  const normal = (i: number): number => (x.values[i]! - given.mean[i % channels]!) / Math.sqrt(given.variance[i % channels]! + epsilon);
  const dScale = new Float64Array(channels);
  const dOffset = new Float64Array(channels);
  dy.values.forEach((d, i) => {
    dScale[i % channels]! += d * normal(i);
    dOffset[i % channels]! += d;
  });
  const dx = Float64Array.from(dy.values, (d, i) => {
    const c = i % channels;
    return (scale.values[c]! / Math.sqrt(given.variance[c]! + epsilon)) * (d - dOffset[c]! / rows - (normal(i) * dScale[c]!) / rows);
  });
  const inputs = { dy, x, mean: { shape: [channels], values: given.mean }, variance: { shape: [channels], values: given.variance }, scale };
  return { inputs, attrs: { epsilon }, expected: [dx, dScale, dOffset] };
});

describe('batch norm', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('keeps the variance when the mean is large against the deviation', async () => {
    const x = tf.tensor2d([1000.5, 999.5, 1000.5, 999.5, 1000.5, 999.5], [6, 1]);
    const [one, zero] = [tf.ones([1]), tf.zeros([1])];
    const out = tf.engine().runKernel<tf.Tensor[]>('SelfsupBatchNorm', { x, scale: one, offset: zero }, { epsilon: 0 });
    expect((await out[1]!.data())[0]).toBe(1000);
    expect((await out[2]!.data())[0]).toBeCloseTo(0.25, 6);
    expect([...(await out[0]!.data())]).toEqual([1, -1, 1, -1, 1, -1]);
    tf.dispose([x, one, zero, ...out]);
  });

  it('names the input that does not fit', () => {
    const x = tf.ones([4, 3]);
    const scale = tf.ones([2]);
    expect(() => tf.engine().runKernel('SelfsupBatchNorm', { x, scale, offset: scale }, {})).toThrow('`scale` must be float32 [3]');
    tf.dispose([x, scale]);
  });
});

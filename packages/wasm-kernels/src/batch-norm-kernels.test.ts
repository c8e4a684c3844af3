import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchNormCases } from '../test/cases/batch-norm.ts';
import { describeCases, describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(batchNormCases);

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

const activations = ['linear', 'relu'] as const;
const act = (activation: 'linear' | 'relu', y: number): number => (activation === 'relu' ? Math.max(y, 0) : y);

describeKernel('batch norm against float64', 'SelfsupBatchNorm', (random) => {
  const { x, shape, channels, scale, epsilon } = setting(random);
  const offset = signedValues(random, [channels]);
  const residual = random() < 0.5 ? signedValues(random, shape) : undefined;
  const activation = pick(random, activations);
  const { mean, variance } = statistics(x, channels);
  const y = Float64Array.from(x.values, (v, i) => {
    const c = i % channels;
    const normalised = ((v - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * scale.values[c]! + offset.values[c]!;
    return act(activation, normalised + (residual?.values[i] ?? 0));
  });
  const inputs = { x, scale, offset, ...(residual && { residual }) };
  return { inputs, attrs: { epsilon, activation }, expected: [y, mean, variance] };
});

// Values near the ReLU's kink are moved away from it, where float32 and float64 may differ.
describeKernel('batch norm gradient against float64', 'SelfsupBatchNormGrad', (random) => {
  const { x, shape, channels, scale, epsilon } = setting(random);
  const [dy, offset] = [signedValues(random, shape), signedValues(random, [channels])];
  const activation = pick(random, activations);
  const { rows, mean, variance } = statistics(x, channels);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const given = { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  const normal = (i: number): number => (x.values[i]! - given.mean[i % channels]!) / Math.sqrt(given.variance[i % channels]! + epsilon);
  const source = pick(random, ['y', 'offset'] as const);
  const y = signedValues(random, shape);
  const before = (i: number): number =>
    source === 'y' ? y.values[i]! : normal(i) * scale.values[i % channels]! + offset.values[i % channels]!;
  for (let i = 0; i < x.values.length; i++) if (source === 'offset' && Math.abs(before(i)) < 1e-4) dy.values[i] = 0;
  const passed = Float64Array.from(dy.values, (d, i) => (activation === 'relu' && !(before(i) > 0) ? 0 : d));
  const dScale = new Float64Array(channels);
  const dOffset = new Float64Array(channels);
  passed.forEach((d, i) => {
    dScale[i % channels]! += d * normal(i);
    dOffset[i % channels]! += d;
  });
  const dx = passed.map((d, i) => {
    const c = i % channels;
    return (scale.values[c]! / Math.sqrt(given.variance[c]! + epsilon)) * (d - dOffset[c]! / rows - (normal(i) * dScale[c]!) / rows);
  });
  const inputs = { dy, x, mean: { shape: [channels], values: given.mean }, variance: { shape: [channels], values: given.variance }, scale };
  const mask = activation === 'linear' ? {} : source === 'y' ? { y } : { offset };
  const expected = [dx, dScale, dOffset, ...('y' in mask ? [passed] : [])];
  return { inputs: { ...inputs, ...mask }, attrs: { epsilon, activation }, expected };
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

  it('forgets no channel of a long tensor: sums in blocks of rows', async () => {
    const rows = 100_003;
    const x = tf.tidy(() => tf.add(tf.randomUniform([rows, 5], -1, 1, 'float32', 7), 100));
    const [scale, offset] = [tf.ones([5]), tf.zeros([5])];
    const [y, mean, variance] = tf.engine().runKernel<tf.Tensor[]>('SelfsupBatchNorm', { x, scale, offset }, { epsilon: 1e-5 });
    const expected = statistics({ shape: x.shape, values: (await x.data()) as Float32Array }, 5);
    (await mean!.data()).forEach((value, c) => {
      expect(Math.abs(value - expected.mean[c]!)).toBeLessThan(1e-5);
    });
    (await variance!.data()).forEach((value, c) => {
      expect(Math.abs(value / expected.variance[c]! - 1)).toBeLessThan(1e-6);
    });
    tf.dispose([x, scale, offset, y!, mean!, variance!]);
  });

  it('names the input that does not fit', () => {
    const x = tf.ones([4, 3]);
    const [scale, offset] = [tf.ones([2]), tf.ones([3])];
    expect(() => tf.engine().runKernel('SelfsupBatchNorm', { x, scale, offset }, {})).toThrow('`scale` must be float32 [3]');
    const inputs = { x, scale: offset, offset };
    const call = (more: tf.NamedTensorMap, attrs: tf.NamedAttrMap) => () =>
      tf.engine().runKernel('SelfsupBatchNorm', { ...inputs, ...more }, attrs);
    expect(call({ residual: scale }, {})).toThrow('`residual` must be float32 [4, 3] like `x`, got float32 [2]');
    expect(call({}, { activation: 'gelu' })).toThrow("`activation` must be 'linear' or 'relu', got 'gelu'");
    const grad = { dy: x, x, mean: offset, variance: offset, scale: offset };
    expect(() => tf.engine().runKernel('SelfsupBatchNormGrad', grad, { activation: 'relu' })).toThrow(
      '`offset` must be float32 [3], got nothing',
    );
    tf.dispose([x, scale, offset]);
  });
});

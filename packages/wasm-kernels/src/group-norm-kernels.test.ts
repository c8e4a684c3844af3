import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

/** A random input with the float64 statistics of its samples and groups; `groupOf` maps an element to its group. */
function setting(random: () => number) {
  const groups = integer(random, 1, 5);
  const channels = groups * integer(random, 1, 6);
  const shape = [
    integer(random, 1, 4),
    ...pick(random, [[integer(random, 2, 90)], [integer(random, 1, 9), integer(random, 2, 9)]]),
    channels,
  ];
  const x = signedValues(random, shape);
  const perSample = x.values.length / shape[0]!;
  const groupOf = (i: number): number => Math.floor(i / perSample) * groups + Math.floor(((i % channels) * groups) / channels);
  const count = perSample / groups;
  const mean = new Float64Array(shape[0]! * groups);
  const variance = new Float64Array(mean.length);
  x.values.forEach((v, i) => (mean[groupOf(i)]! += v / count));
  x.values.forEach((v, i) => (variance[groupOf(i)]! += (v - mean[groupOf(i)]!) ** 2 / count));
  const attrs = { numGroups: groups, epsilon: pick(random, [1e-5, 1e-3]) };
  return { x, shape, channels, groupOf, count, mean, variance, attrs, scale: signedValues(random, [channels]) };
}

describeKernel('group norm against float64', 'SelfsupGroupNorm', (random) => {
  const { x, channels, groupOf, mean, variance, attrs, scale } = setting(random);
  const offset = signedValues(random, [channels]);
  const y = Float64Array.from(x.values, (v, i) => {
    const g = groupOf(i);
    return ((v - mean[g]!) / Math.sqrt(variance[g]! + attrs.epsilon)) * scale.values[i % channels]! + offset.values[i % channels]!;
  });
  return { inputs: { x, scale, offset }, attrs, expected: [y, mean, variance] };
});

describeKernel('group norm gradient against float64', 'SelfsupGroupNormGrad', (random) => {
  const { x, shape, channels, groupOf, count, mean, variance, attrs, scale } = setting(random);
  const dy = signedValues(random, shape);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const given = { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  const deviation = (g: number): number => Math.sqrt(given.variance[g]! + attrs.epsilon);
  const normal = (i: number): number => (x.values[i]! - given.mean[groupOf(i)]!) / deviation(groupOf(i));
  const [dScale, dOffset] = [new Float64Array(channels), new Float64Array(channels)];
  const [sum, product] = [new Float64Array(mean.length), new Float64Array(mean.length)];
  dy.values.forEach((d, i) => {
    const [c, g] = [i % channels, groupOf(i)];
    dScale[c]! += d * normal(i);
    dOffset[c]! += d;
    sum[g]! += (d * scale.values[c]!) / count;
    product[g]! += (d * scale.values[c]! * normal(i)) / count;
  });
  const dx = Float64Array.from(dy.values, (d, i) => {
    const g = groupOf(i);
    return (d * scale.values[i % channels]! - sum[g]! - normal(i) * product[g]!) / deviation(g);
  });
  const statistics = [shape[0]!, attrs.numGroups];
  const inputs = { dy, x, mean: { shape: statistics, values: given.mean }, variance: { shape: statistics, values: given.variance }, scale };
  return { inputs, attrs, expected: [dx, dScale, dOffset] };
});

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

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { builds, integer, pick, runKernel, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

function setting(random: () => number, fewest: number) {
  const features = pick(random, [integer(random, fewest, 9), integer(random, 3, 70), integer(random, 1000, 1100)]);
  const shape = pick(random, [
    [integer(random, 0, 3), features],
    [integer(random, 1, 150), features],
    [integer(random, 1, 3), integer(random, 1, 5), features],
  ]);
  const x = signedValues(random, shape);
  const at = pick(random, [0, 0, 30]);
  x.values.forEach((v, i) => (x.values[i] = v + at));
  return {
    shape,
    features,
    rows: x.values.length / features,
    x,
    scale: signedValues(random, [features]),
    epsilon: pick(random, [1e-5, 1e-3]),
  };
}

function statistics(x: Values, features: number, epsilon: number): { mean: Float64Array; inverse: Float64Array } {
  const rows = x.values.length / features;
  const mean = new Float64Array(rows);
  const inverse = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = Float64Array.from(x.values.subarray(r * features, (r + 1) * features));
    mean[r] = row.reduce((a, b) => a + b, 0) / features;
    inverse[r] = 1 / Math.sqrt(row.reduce((a, b) => a + (b - mean[r]!) ** 2, 0) / features + epsilon);
  }
  return { mean, inverse };
}

describeKernel('layer norm against float64', 'SelfsupLayerNorm', (random) => {
  const { x, features, scale, epsilon } = setting(random, 1);
  const offset = signedValues(random, [features]);
  const { mean, inverse } = statistics(x, features, epsilon);
  const y = Float64Array.from(x.values, (v, i) => {
    const [r, c] = [Math.floor(i / features), i % features];
    return (v - mean[r]!) * inverse[r]! * scale.values[c]! + offset.values[c]!;
  });
  return { inputs: { x, scale, offset }, attrs: { epsilon }, expected: [y, mean, inverse] };
});

describeKernel('layer norm gradient against float64', 'SelfsupLayerNormGrad', (random) => {
  // The gradient of a row of two is rounding alone: its normalised values are 1 and -1.
  const { x, shape, features, rows, scale, epsilon } = setting(random, 3);
  const dy = signedValues(random, shape);
  const exact = statistics(x, features, epsilon);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const [mean, inverse] = [Float32Array.from(exact.mean), Float32Array.from(exact.inverse)];
  const dScale = new Float64Array(features);
  const dOffset = new Float64Array(features);
  const dx = new Float64Array(x.values.length);
  for (let r = 0; r < rows; r++) {
    const normal = (c: number) => (x.values[r * features + c]! - mean[r]!) * inverse[r]!;
    let [first, second] = [0, 0];
    for (let c = 0; c < features; c++) {
      const d = dy.values[r * features + c]!;
      dScale[c]! += d * normal(c);
      dOffset[c]! += d;
      first += (d * scale.values[c]!) / features;
      second += (d * scale.values[c]! * normal(c)) / features;
    }
    for (let c = 0; c < features; c++)
      dx[r * features + c] = inverse[r]! * (dy.values[r * features + c]! * scale.values[c]! - first - normal(c) * second);
  }
  const inputs = { dy, x, mean: { shape: [rows], values: mean }, inverse: { shape: [rows], values: inverse }, scale };
  return { inputs, attrs: {}, expected: [dx, dScale, dOffset] };
});

describe.each(builds)('layer norm (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it('normalises rows whose mean is large against their deviation: nothing is lost to the rounding of the mean', async () => {
    const row = [16384.25, 16384, 16384.5, 16384.25, 16383.75];
    const mean = row.reduce((a, b) => a + b, 0) / 5;
    const deviation = Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / 5);
    const inputs = {
      x: { shape: [1, 5], values: Float32Array.from(row) },
      scale: { shape: [5], values: new Float32Array(5).fill(1) },
      offset: { shape: [5], values: new Float32Array(5) },
    };
    const [y] = await runKernel('wasm', 'SelfsupLayerNorm', inputs, { epsilon: 0 });
    y!.data.forEach((v, i) => {
      expect(v).toBeCloseTo((row[i]! - mean) / deviation, 5);
    });
  });

  it('adds the gradients of scale and offset over many rows without drift', async () => {
    const rows = 40_000;
    const x = { shape: [rows, 4], values: Float32Array.from({ length: 4 * rows }, (_, i) => (i % 4 < 2 ? 1 : -1)) };
    const inputs = {
      dy: { shape: [rows, 4], values: new Float32Array(4 * rows).fill(0.1) },
      x,
      mean: { shape: [rows], values: new Float32Array(rows) },
      inverse: { shape: [rows], values: new Float32Array(rows).fill(1) },
      scale: { shape: [4], values: new Float32Array(4).fill(1) },
    };
    const [, dScale, dOffset] = await runKernel('wasm', 'SelfsupLayerNormGrad', inputs, {});
    const sum = rows * Math.fround(0.1);
    [sum, sum, -sum, -sum].forEach((expected, c) => {
      expect(Math.abs(dScale!.data[c]! / expected - 1)).toBeLessThan(1e-6);
      expect(Math.abs(dOffset!.data[c]! / sum - 1)).toBeLessThan(1e-6);
    });
  });

  it('names the input that does not fit', () => {
    tf.tidy(() => {
      const [x, two, three] = [tf.ones([4, 3]), tf.ones([2]), tf.ones([3])];
      const run = (name: string, inputs: tf.NamedTensorMap) => () => tf.engine().runKernel(name, inputs, {});
      expect(run('SelfsupLayerNorm', { x, scale: three, offset: two })).toThrow(
        'SelfsupLayerNorm: `offset` must be float32 [3], got float32 [2]',
      );
      expect(run('SelfsupLayerNorm', { x: tf.ones([4, 0]), scale: three, offset: three })).toThrow('`x` must have features');
      const rest = { mean: tf.ones([4]), inverse: tf.ones([3]), scale: three, x, dy: x };
      expect(run('SelfsupLayerNormGrad', rest)).toThrow('`inverse` must be float32 [4], got float32 [3]');
    });
  });
});

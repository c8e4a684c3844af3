import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layerNormCases } from '../test/cases/layer-norm.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { builds, runKernel, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(layerNormCases);

describe.each(builds)('layer norm (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it('normalizes rows whose mean is large against their deviation: nothing is lost to the rounding of the mean', async () => {
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

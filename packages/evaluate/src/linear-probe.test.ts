import * as tf from '@tensorflow/tfjs-core';
import { createRng, drawNormal } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { extractFeatures } from './extract-features.ts';
import { linearProbe, type LinearProbeOptions } from './linear-probe.ts';
import { minimize } from './minimize.ts';

const CLASSES = 4;
const cluster = (rows: number, tag: string) => {
  const centers = drawNormal(createRng(1).fold('centers'), CLASSES * 8, { standardDeviation: 2 });
  const noise = drawNormal(createRng(1).fold(tag), rows * 8);
  const labels = Int32Array.from({ length: rows }, (_, i) => i % CLASSES);
  return { labels, features: { data: noise.map((value, i) => value + centers[(Math.floor(i / 8) % CLASSES) * 8 + (i % 8)]!), shape: [rows, 8] as const } }; // prettier-ignore
};
const [train, test] = [cluster(200, 'train'), cluster(100, 'test')];
const options: LinearProbeOptions = { ...train, queries: test.features, queryLabels: test.labels };

describe('linearProbe', () => {
  it('classifies clusters, finds the same each time, leaves no tensor behind', async () => {
    const { numTensors } = tf.memory();
    const found = await linearProbe(options);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(found.accuracy).toBeGreaterThan(0.9);
    expect(found.converged).toBe(true);
    expect(found.iterations).toBeLessThan(60);
    expect(await linearProbe(options)).toEqual(found);
  });

  it('does not depend on the unit of a column, nor on columns that are constant', async () => {
    const change = (data: Float32Array) => data.map((value, i) => (i % 8 === 0 ? 1000 * value + 5 : i % 8 === 1 ? 0.1 : value));
    const plain = (data: Float32Array) => data.map((value, i) => (i % 8 === 1 ? 0 : value));
    const on = (map: (data: Float32Array) => Float32Array) =>
      linearProbe({ ...options, features: { data: map(train.features.data), shape: [200, 8] }, queries: { data: map(test.features.data), shape: [100, 8] } }); // prettier-ignore
    const [a, b] = [await on(change), await on(plain)];
    expect(a.loss).toBeCloseTo(b.loss, 4);
    expect([...a.predictions]).toEqual([...b.predictions]);
  });

  it.each([0, 1e-8, 1e-4, 0.05])('has converged where it says so on badly scaled raw columns, with the penalty %d', async (l2) => {
    const [rows, dim] = [90, 4];
    const [units, offsets] = [[1e-4, 1, 300, 0.02], [0, 5, 4000, -1]]; // prettier-ignore
    const labels = Int32Array.from({ length: rows }, (_, i) => i % 3);
    const raw = drawNormal(createRng(4), rows * dim).map(
      (value, i) => units[i % dim]! * (value + (labels[Math.floor(i / dim)] === i % dim ? 1 : 0)) + offsets[i % dim]!,
    );
    const features = { data: raw, shape: [rows, dim] as const };
    const found = await linearProbe({
      features,
      labels,
      queries: features,
      queryLabels: labels,
      l2,
      standardize: false,
      maxIterations: 1000,
    });
    expect(found.converged).toBe(true);
    // the same in doubles, by the units of the columns
    const reference = (point: Float64Array) => {
      const gradient = new Float64Array(15);
      let value = 0;
      for (let row = 0; row < rows; row++) {
        const x = Array.from({ length: dim }, (_, j) => (raw[row * dim + j]! - offsets[j]!) / units[j]!);
        const logits = [0, 1, 2].map((c) => x.reduce((sum, one, j) => sum + one * point[j * 3 + c]!, point[12 + c]!));
        const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
        value += (Math.log(sum) - logits[labels[row]!]!) / rows;
        for (const c of [0, 1, 2]) {
          const error = (Math.exp(logits[c]!) / sum - (labels[row] === c ? 1 : 0)) / rows;
          x.forEach((one, j) => (gradient[j * 3 + c]! += error * one));
          gradient[12 + c]! += error;
        }
      }
      for (let i = 0; i < 12; i++) {
        const unit = units[Math.floor(i / 3)]!;
        value += (0.5 * l2 * point[i]! ** 2) / unit ** 2;
        gradient[i]! += (l2 * point[i]!) / unit ** 2;
      }
      return Promise.resolve({ value, gradient });
    };
    const best = await minimize(reference, new Float64Array(15), { maxIterations: 20_000, tolerance: 1e-10 });
    expect(found.loss / best.value - 1).toBeLessThan(1e-4);
    expect(found.loss / best.value - 1).toBeGreaterThan(-1e-4);
  });

  it('is chance on features that say nothing, and sure without a penalty on separable ones', async () => {
    const noise = { data: drawNormal(createRng(8), 200 * 8), shape: [200, 8] as const };
    expect((await linearProbe({ ...options, features: noise, l2: 10 })).loss).toBeCloseTo(Math.log(CLASSES), 2);
    const corners = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] as const };
    const sure = await linearProbe({ features: corners, labels: [0, 1], queries: corners, queryLabels: [0, 1], l2: 0 });
    expect(sure.loss).toBeLessThan(1e-3);
    expect(Number.isFinite(sure.loss)).toBe(true);
  });

  it('leaves the encoder as it is', async () => {
    const kernel = tf.tidy(() => tf.variable(tf.tensor2d(drawNormal(createRng(2), 16), [8, 2])));
    const before = await kernel.data();
    const encoder = { trainable: { kernel }, buffers: {}, apply: (x: tf.Tensor2D) => tf.matMul(x, kernel), dispose: () => undefined };
    const encode = ({ features }: typeof train) => extractFeatures(encoder, [tf.tensor2d(features.data, [...features.shape])]);
    const probe = await linearProbe({ ...options, features: await encode(train), queries: await encode(test) });
    expect(probe.accuracy).toBeGreaterThan(0.5);
    expect([...(await kernel.data())]).toEqual([...before]);
    kernel.dispose();
  });

  it('counts classes that it has never seen as wrong, and refuses what does not fit', async () => {
    expect((await linearProbe({ ...options, queryLabels: test.labels.map(() => 9) })).accuracy).toBe(0);
    const refuse = (change: Partial<LinearProbeOptions>, message: string) =>
      expect(linearProbe({ ...options, ...change })).rejects.toThrow(message);
    await refuse({ labels: [0] }, 'linearProbe: `labels` must have one label for each of 200 rows, got 1');
    await refuse({ queryLabels: [0] }, '`queryLabels` must have one label for each of 100 rows, got 1');
    await refuse({ numClasses: 3 }, '`labels` must be integers in [0, 3), got 3 at row 3');
    await refuse({ queries: { data: new Float32Array(2), shape: [1, 2] } }, '`queries` must have dim 8 like `features`, got shape [1, 2]');
    await refuse({ features: { data: train.features.data.map(() => NaN), shape: [200, 8] } }, '`features` must be finite, row 0 holds NaN');
    await refuse({ l2: -1 }, "`l2` must be a number >= 0 or 'auto', got -1");
    await refuse({ tolerance: 0 }, '`tolerance` must be > 0, got 0');
    await refuse({ maxIterations: 0 }, '`maxIterations` must be an integer >= 1, got 0');
  });
});

describe('minimize', () => {
  it('finds the minimum of a badly scaled quadratic', async () => {
    const scales = [1, 1e3, 1e-2];
    const evaluate = (point: Float64Array) =>
      Promise.resolve({
        value: scales.reduce((sum, scale, i) => sum + 0.5 * scale * (point[i]! - i) ** 2, 0),
        gradient: Float64Array.from(scales, (scale, i) => scale * (point[i]! - i)),
      });
    const { point, converged } = await minimize(evaluate, Float64Array.of(5, 5, 5), { maxIterations: 100, tolerance: 1e-9 });
    expect(converged).toBe(true);
    for (const i of [0, 1, 2]) expect(point[i]).toBeCloseTo(i, 6);
  });
});

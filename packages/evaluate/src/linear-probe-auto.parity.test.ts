import { readFileSync } from 'node:fs';
import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { linearProbe } from './linear-probe.ts';
import { minimize } from './minimize.ts';
import { rowSpan } from './probe/row-span.ts';

interface Case {
  dim: number;
  features: number[];
  labels: number[];
  queries: number[];
  queryLabels: number[];
  l2: number;
  loss: number;
  predictions: number[];
  accuracy: number;
}
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/linear-probe-auto.json', import.meta.url), 'utf8')) as { cases: Case[] };

describe("linearProbe with l2: 'auto' against scikit-learn's cross-validation", () => {
  it.each(cases)('$dim columns', async ({ dim, features, labels, queries, queryLabels, l2, loss, predictions, accuracy }) => {
    const matrix = (values: number[]) => ({ data: Float32Array.from(values), shape: [values.length / dim, dim] as const });
    const { numTensors } = tf.memory();
    const found = await linearProbe({
      features: matrix(features),
      labels,
      queries: matrix(queries),
      queryLabels,
      l2: 'auto',
      maxIterations: 1000,
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(found.l2 / l2).toBeCloseTo(1, 6);
    expect(Math.abs(found.loss - loss)).toBeLessThan(1e-4 * Math.max(1, loss));
    expect([...found.predictions]).toEqual(predictions);
    expect(found.accuracy).toBeCloseTo(accuracy, 12);
    expect(found.converged).toBe(true);
  });
});

describe('rows of more than twice as many columns', () => {
  const [rows, dim, numClasses] = [20, 50, 3];
  const labels = Array.from({ length: rows }, (_, i) => i % numClasses);
  // two rows alike, one of another's double: the rank is below the number of rows
  const data = drawNormal(createRng(3), rows * dim);
  data.copyWithin(dim, 0, dim);
  for (let j = 0; j < dim; j++) data[2 * dim + j] = 2 * data[j]!;

  it.each([true, false])('give the solution of the whole problem in float64, standardized %s', async (standardize) => {
    const l2 = 0.3;
    const features = { data, shape: [rows, dim] as const };
    const found = await linearProbe({ features, labels, queries: features, queryLabels: labels, l2, standardize, maxIterations: 2000 });
    const column = (j: number) => Array.from({ length: rows }, (_, i) => data[i * dim + j]!);
    const means = Array.from({ length: dim }, (_, j) => column(j).reduce((sum, value) => sum + value, 0) / rows);
    const scales = means.map((mean, j) =>
      standardize ? Math.sqrt(column(j).reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows) : 1,
    );
    const weights = dim * numClasses;
    const reference = (point: Float64Array) => {
      const gradient = new Float64Array(weights + numClasses);
      let value = 0;
      for (let i = 0; i < rows; i++) {
        const x = means.map((mean, j) => (data[i * dim + j]! - mean) / scales[j]!);
        const logits = Array.from({ length: numClasses }, (_, c) =>
          x.reduce((sum, one, j) => sum + one * point[j * numClasses + c]!, point[weights + c]!),
        );
        const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
        value += (Math.log(total) - logits[labels[i]!]!) / rows;
        for (let c = 0; c < numClasses; c++) {
          const error = (Math.exp(logits[c]!) / total - Number(labels[i] === c)) / rows;
          for (let j = 0; j < dim; j++) gradient[j * numClasses + c]! += error * x[j]!;
          gradient[weights + c]! += error;
        }
      }
      for (let k = 0; k < weights; k++) {
        value += (l2 / 2) * point[k]! ** 2;
        gradient[k]! += l2 * point[k]!;
      }
      return Promise.resolve({ value, gradient });
    };
    const best = await minimize(reference, new Float64Array(weights + numClasses), { maxIterations: 1000, tolerance: 1e-9 });
    expect(best.converged).toBe(true);
    expect(found.converged).toBe(true);
    expect(Math.abs(found.loss - best.value)).toBeLessThan(1e-5);
  });

  it('lie in an orthonormal basis: lengths, angles and products with lifted weights stay', async () => {
    const x = tf.tensor2d(data, [rows, dim]);
    const { coordinates, lift } = await rowSpan(x);
    expect(coordinates.shape).toEqual([rows, rows - 2]);
    const weights = Float64Array.from(drawNormal(createRng(4), (rows - 2) * 2));
    const lifted = await lift(weights, 2);
    tf.tidy(() => {
      const gap = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
      expect(gap(tf.matMul(coordinates, coordinates, false, true), tf.matMul(x, x, false, true))).toBeLessThan(1e-3);
      const inside = tf.matMul(coordinates, tf.tensor2d(Float32Array.from(weights), [rows - 2, 2]));
      const outside = tf.matMul(x, tf.tensor2d(Float32Array.from(lifted), [dim, 2]));
      expect(gap(inside, outside)).toBeLessThan(1e-3);
      const length = (values: Float64Array) => Math.hypot(...values);
      expect(length(lifted) / length(weights)).toBeCloseTo(1, 4);
    });
    tf.dispose([x, coordinates]);
  });
});

import { createRng, drawNormal, semidefiniteEigen } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { FeatureMatrix } from './feature-matrix.ts';
import { knnAccuracy } from './knn-accuracy.ts';
import { columnStatistics, standardize } from './standardize.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';
import { whiten } from './whiten.ts';

/** Rows of a normal distribution with some strong directions and a mean. */
function draw(rows: number, dim: number, tag: string): FeatureMatrix {
  const mix = drawNormal(createRng(1).fold('mix'), dim * dim);
  const noise = drawNormal(createRng(1).fold(tag), rows * dim);
  const data = new Float32Array(rows * dim);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < dim; j++) {
      let sum = 3;
      for (let k = 0; k < dim; k++) sum += (noise[i * dim + k]! * mix[k * dim + j]!) / (1 + k);
      data[i * dim + j] = sum;
    }
  return { data, shape: [rows, dim] };
}

function covariance({ data, shape: [rows, dim] }: FeatureMatrix): Float64Array {
  const result = new Float64Array(dim * dim);
  const mean = columnStatistics({ data, shape: [rows, dim] }).mean;
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < dim; i++)
      for (let j = 0; j < dim; j++) result[i * dim + j]! += ((data[row * dim + i]! - mean[i]!) * (data[row * dim + j]! - mean[j]!)) / rows;
  return result;
}

describe('whiten', () => {
  const [bank, queries] = [draw(300, 12, 'bank'), draw(20, 12, 'queries')];
  const eigenvalues = [...symmetricEigenvalues(covariance(standardize(bank, columnStatistics(bank))), 12)].reverse();

  it.each([
    [0.25, 12],
    [0.5, 12],
    [0, 5],
  ])(
    'makes columns that do not go together, with the variances of the eigenvalues to the power 1 − 2·%d, %d of them',
    async (power, numComponents) => {
      const { numTensors } = tf.memory();
      const found = await whiten(bank, queries, { power, numComponents });
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(found.bank.shape).toEqual([300, numComponents]);
      expect(found.queries.shape).toEqual([20, numComponents]);
      const got = covariance(found.bank);
      for (let i = 0; i < numComponents; i++)
        for (let j = 0; j < numComponents; j++)
          expect(Math.abs(got[i * numComponents + j]! - (i === j ? eigenvalues[i]! ** (1 - 2 * power) : 0))).toBeLessThan(2e-3);
    },
  );

  it('does the same to queries as to the bank, and the same again', async () => {
    const found = await whiten(bank, bank, { numComponents: 4 });
    expect(found.queries).toEqual(found.bank);
    expect(await whiten(bank, bank, { numComponents: 4 })).toEqual(found);
  });

  it('of fewer rows than columns keeps the directions that there are', async () => {
    const few = draw(6, 40, 'few');
    const found = await whiten(few, few, { power: 0.5 });
    expect(found.bank.shape).toEqual([6, 5]); // one is the mean
    const got = covariance(found.bank);
    for (let i = 0; i < 25; i++) expect(Math.abs(got[i]! - (i % 6 === 0 ? 1 : 0))).toBeLessThan(1e-3);
  });

  it('finds classes behind a strong direction that says nothing', async () => {
    const make = (tag: string): FeatureMatrix => {
      const noise = drawNormal(createRng(5).fold(tag), 80 * 22);
      return {
        shape: [80, 19],
        data: Float32Array.from({ length: 80 * 19 }, (_, i) => {
          const [row, column] = [Math.floor(i / 19), i % 19];
          const own = noise[row * 22 + column]!;
          return column < 18 ? noise[row * 22 + 19 + (column % 3)]! + 0.01 * own : 0.4 * noise[row * 22 + 18]! + (row % 2 === 0 ? 1 : -1);
        }),
      };
    };
    const [a, b] = [make('a'), make('b')];
    const labels = Array.from({ length: 80 }, (_, i) => i % 2);
    const share = (features: FeatureMatrix, asked: FeatureMatrix) =>
      knnAccuracy({ features, labels, queries: asked, queryLabels: labels, k: 9 });
    const whitened = await whiten(a, b, { power: 0.5, numComponents: 4 });
    expect(await share(whitened.bank, whitened.queries)).toBeGreaterThan((await share(a, b)) + 0.1);
  });

  it('refuses what does not fit', async () => {
    await expect(whiten(bank, draw(3, 4, 'x'))).rejects.toThrow('whiten: `queries` must have dim 12 like `bank`, got shape [3, 4]');
    await expect(whiten(bank, queries, { power: 1 })).rejects.toThrow('whiten: `power` must be in [0, 0.5], got 1');
    await expect(whiten(bank, queries, { numComponents: 0 })).rejects.toThrow('whiten: `numComponents` must be an integer >= 1, got 0');
  });
});

it.each([9, 6])('semidefiniteEigen decomposes a matrix of 9 rows and rank %d', (rank) => {
  const n = 9;
  const factor = drawNormal(createRng(2), n * rank);
  const matrix = Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += factor[Math.floor(at / n) * rank + k]! * factor[(at % n) * rank + k]!;
    return sum;
  });
  const { values, vectors } = semidefiniteEigen(matrix.slice(), n);
  const expected = [...symmetricEigenvalues(matrix.slice(), n)].reverse();
  for (let i = 0; i < n; i++) {
    expect(values[i]).toBeCloseTo(expected[i]!, 10);
    for (let row = 0; row < n; row++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += matrix[row * n + k]! * vectors[i * n + k]!;
      if (i < rank) expect(sum).toBeCloseTo(values[i]! * vectors[i * n + row]!, 9);
    }
    for (let j = 0; j < rank && i < rank; j++) {
      let product = 0;
      for (let k = 0; k < n; k++) product += vectors[i * n + k]! * vectors[j * n + k]!;
      expect(product).toBeCloseTo(Number(i === j), 9);
    }
  }
});

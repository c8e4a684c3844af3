import * as tf from '@tensorflow/tfjs-core';
import { createRng, drawNormal, drawPermutation, drawUniform, type Rng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import type { FeatureMatrix } from './feature-matrix.ts';
import { knnAccuracy } from './knn-accuracy.ts';
import { weightedKnn, type WeightedKnnOptions } from './weighted-knn.ts';

const rowsOf = ({ data, shape: [rows, dim] }: FeatureMatrix) =>
  Array.from({ length: rows }, (_, i) => [...data.subarray(i * dim, (i + 1) * dim)]);

/** The definition in plain float64. */
function reference({ features, labels, queries, numClasses = 10, k = 200, temperature = 0.1 }: WeightedKnnOptions): number[] {
  const unit = (row: number[]) => row.map((value) => value / Math.hypot(...row));
  const bank = rowsOf(features).map(unit);
  return rowsOf(queries)
    .map(unit)
    .map((query) => {
      const similarities = bank.map((row) => row.reduce((sum, value, i) => sum + value * query[i]!, 0));
      const order = similarities.map((_, i) => i).sort((a, b) => similarities[b]! - similarities[a]! || a - b);
      const votes = Array<number>(numClasses).fill(0);
      for (const i of order.slice(0, k)) votes[labels[i]!]! += Math.exp(similarities[i]! / temperature);
      return votes.indexOf(Math.max(...votes));
    });
}

const randomCase = (rng: Rng, [rows, numQueries, dim, numClasses]: [number, number, number, number]) => ({
  features: { data: drawNormal(rng.fold('bank'), rows * dim), shape: [rows, dim] as const },
  queries: { data: drawNormal(rng.fold('queries'), numQueries * dim), shape: [numQueries, dim] as const },
  labels: Array.from(drawUniform(rng.fold('labels'), rows, { max: numClasses }), Math.floor),
  numClasses,
});
const bank = (...rows: number[][]): FeatureMatrix => ({ data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]!.length] });

describe('weightedKnn', () => {
  it.each([
    [[300, 60, 16, 10], 200, 0.1],
    [[300, 60, 16, 10], 20, 0.07],
    [[97, 41, 3, 2], 1, 0.1],
    [[97, 41, 3, 4], 7, 0.003],
    [[1, 5, 4, 3], 200, 0.1],
    [[64, 50, 2, 5], 63, 2],
  ] as [[number, number, number, number], number, number][])(
    'equals the definition in float64 (%j, k %i, temperature %f)',
    async (sizes, k, temperature) => {
      const options = { ...randomCase(createRng(11), sizes), k, temperature };
      expect([...(await weightedKnn(options))]).toEqual(reference(options));
    },
  );

  it('does not depend on the block size, on the order of the bank or on the length of rows', async () => {
    const options = { ...randomCase(createRng(2), [200, 37, 8, 5]), k: 9 };
    const expected = await weightedKnn(options);
    for (const maxBlockValues of [1, 200, 999, 1e6]) expect(await weightedKnn({ ...options, maxBlockValues })).toEqual(expected);
    const order = drawPermutation(createRng(3), 200);
    const shuffled = bank(...Array.from(order, (i) => rowsOf(options.features)[i]!));
    expect(await weightedKnn({ ...options, features: shuffled, labels: Array.from(order, (i) => options.labels[i]!) })).toEqual(expected);
    const longer = { ...options.queries, data: options.queries.data.map((value) => value * 1e-3) };
    expect(await weightedKnn({ ...options, queries: longer })).toEqual(expected);
  });

  it('breaks ties towards the lower index and the lower class', async () => {
    const features = bank([0, 1], [1, 0], [1, 0], [1, 0], [1, 0]);
    const queries = bank([1, 0]);
    expect([...(await weightedKnn({ features, queries, labels: [0, 2, 1, 1, 1], k: 1 }))]).toEqual([2]); // row 1 of rows 1 to 4
    expect([...(await weightedKnn({ features, queries, labels: [0, 2, 2, 1, 1], k: 4 }))]).toEqual([1]); // two votes each
    expect([...(await weightedKnn({ features, queries, labels: [0, 2, 2, 1, 1], k: 3 }))]).toEqual([2]);
  });

  it('lets a whole small bank vote when k is larger', async () => {
    const options = randomCase(createRng(4), [12, 20, 4, 3]);
    expect(await weightedKnn({ ...options, k: 200 })).toEqual(await weightedKnn({ ...options, k: 12 }));
    expect([...(await weightedKnn({ ...options, k: 200 }))]).toEqual(reference({ ...options, k: 12 }));
  });

  it('survives rows of zeros and tiny temperatures', async () => {
    const options = { features: bank([0, 0], [1, 0], [-1, 0]), labels: [0, 1, 2], queries: bank([0, 0], [1, 0]), k: 2 };
    expect([...(await weightedKnn({ ...options, temperature: 1e-6 }))]).toEqual([0, 1]);
  });

  it('leaves no tensor behind when the backend fails', async () => {
    const { numTensors } = tf.memory();
    const options = randomCase(createRng(5), [10, 4, 2, 2]);
    const failing = weightedKnn({ ...options, queries: { ...options.queries, shape: [4, 3] } });
    await expect(failing).rejects.toMatchObject({ code: 'SELFSUP_SHAPE' });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('refuses what does not fit', async () => {
    const options: WeightedKnnOptions = { features: bank([1, 0], [0, 1]), labels: [0, 1], queries: bank([1, 1]) };
    const refuse = (change: Partial<WeightedKnnOptions>, message: string) =>
      expect(weightedKnn({ ...options, ...change })).rejects.toThrow(message);
    await refuse({ labels: [0] }, 'weightedKnn: `labels` must have one label for each of 2 rows, got 1');
    await refuse({ labels: [0, -1] }, '`labels` must be integers in [0, 1), got -1 at row 1');
    await refuse({ labels: [0, 3], numClasses: 3 }, '`labels` must be integers in [0, 3), got 3 at row 1');
    await refuse({ labels: [0, 0.5] }, 'got 0.5 at row 1');
    await refuse({ queries: bank([1, 0, 0]) }, '`queries` must have dim 2 like `features`, got shape [1, 3]');
    await refuse({ queries: { data: new Float32Array(3), shape: [2, 2] } }, '`queries` of shape [2, 2] must have 4 values, got 3');
    await refuse(
      { features: { data: new Float32Array(0), shape: [0, 2] } },
      '`features` must have shape [rows >= 1, dim >= 1], got [0, 2]',
    );
    await refuse({ features: bank([1, 0], [NaN, 1]) }, '`features` must be finite, row 1 holds NaN');
    await refuse({ k: 0 }, '`k` must be an integer >= 1, got 0');
    await refuse({ temperature: 0 }, '`temperature` must be > 0, got 0');
    await expect(knnAccuracy({ ...options, queryLabels: [0, 1] })).rejects.toThrow(
      '`queryLabels` must have one label for each of 1 rows, got 2',
    );
    expect(await knnAccuracy({ ...options, queryLabels: [7], k: 1 })).toBe(0);
  });
});

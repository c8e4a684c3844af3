import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { knnAccuracy } from './knn-accuracy.ts';
import { weightedKnn } from './weighted-knn.ts';

interface Fixture {
  numClasses: number;
  dim: number;
  features: number[];
  labels: number[];
  queries: number[];
  queryLabels: number[];
  cases: { k: number; temperature: number; predictions: number[]; accuracy: number }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/knn.json', import.meta.url), 'utf8')) as Fixture;
const matrix = (values: number[]) => ({ data: Float32Array.from(values), shape: [values.length / fixture.dim, fixture.dim] as const });

describe('weightedKnn against PyTorch', () => {
  it.each(fixture.cases)('k $k, temperature $temperature', async ({ k, temperature, predictions, accuracy }) => {
    const { labels, queryLabels, numClasses } = fixture;
    const options = { features: matrix(fixture.features), queries: matrix(fixture.queries), labels, numClasses, k, temperature };
    expect([...(await weightedKnn(options))]).toEqual(predictions);
    expect(await knnAccuracy({ ...options, queryLabels })).toBeCloseTo(accuracy, 12);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FeatureMatrix } from './feature-matrix.ts';
import { kMeans } from './k-means.ts';
import { localOutlierFactors } from './local-outlier-factors.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/exploration.json', import.meta.url), 'utf8')) as {
  dim: number;
  features: number[];
  factors: Record<string, number[]>;
  start: number[];
  clusters: number[];
  centers: number[];
  inertia: number;
};
const { dim } = fixture;
const features: FeatureMatrix = { data: Float32Array.from(fixture.features), shape: [fixture.features.length / dim, dim] };

describe('against scikit-learn', () => {
  it.each(Object.entries(fixture.factors))('localOutlierFactors, %s neighbors', async (k, factors) => {
    const found = localOutlierFactors(await nearestNeighbors(features, features, { k: Number(k), excludeSelf: true }));
    expect(found).toHaveLength(factors.length);
    found.forEach((factor, row) => {
      expect(Math.abs(factor - factors[row]!) / factors[row]!).toBeLessThan(1e-4);
    });
  });

  it('kMeans from the same centers', async () => {
    const data = Float32Array.from(fixture.start.flatMap((row) => [...features.data.subarray(row * dim, (row + 1) * dim)]));
    const found = await kMeans(features, { count: 4, seed: 0, centers: { data, shape: [4, dim] } });
    expect([...found.clusters]).toEqual(fixture.clusters);
    fixture.centers.forEach((value, i) => {
      expect(found.centers.data[i]).toBeCloseTo(value, 5);
    });
    expect(found.inertia).toBeCloseTo(fixture.inertia, 3);
  });
});

import { createRng, drawNormal } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { connectedGroups } from './connected-groups.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import { kCenter } from './k-center.ts';
import { kMeans } from './k-means.ts';
import { localOutlierFactors } from './local-outlier-factors.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import { separatingThreshold } from './separating-threshold.ts';
import { similarPairs } from './similar-pairs.ts';
import { typicalRows } from './typical-rows.ts';

const DIM = 5;
/** Rows around so many directions, the first cluster larger than the second, and so on. */
function clustered(sizes: readonly number[], spread = 0.1): { features: FeatureMatrix; clusters: number[] } {
  const clusters = sizes.flatMap((size, cluster) => new Array<number>(size).fill(cluster));
  const centers = drawNormal(createRng(1).fold('centers'), sizes.length * DIM);
  const noise = drawNormal(createRng(1).fold('noise'), clusters.length * DIM);
  const data = noise.map((value, i) => centers[clusters[Math.floor(i / DIM)]! * DIM + (i % DIM)]! + spread * value);
  return { features: { data, shape: [clusters.length, DIM] }, clusters };
}
const matrix = (rows: readonly (readonly number[])[]): FeatureMatrix => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]!.length],
});

/** The cosine of two rows, in float64. */
function cosine({ data, shape: [, dim] }: FeatureMatrix, a: number, b: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let d = 0; d < dim; d++) {
    const [x, y] = [data[a * dim + d]!, data[b * dim + d]!];
    [ab, aa, bb] = [ab + x * y, aa + x * x, bb + y * y];
  }
  return ab / Math.sqrt(aa * bb);
}
const each = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('nearestNeighbors', () => {
  it('finds what a definition in float64 finds', async () => {
    const { features } = clustered([60, 40, 30], 0.5);
    const { k, indices, cosines } = await nearestNeighbors(features, features, { k: 7, excludeSelf: true });
    for (const row of each(130)) {
      const order = each(130)
        .filter((other) => other !== row)
        .sort((a, b) => cosine(features, row, b) - cosine(features, row, a));
      expect([...indices.subarray(row * k, (row + 1) * k)]).toEqual(order.slice(0, 7));
      expect(cosines[row * k]).toBeCloseTo(cosine(features, row, order[0]!), 5);
    }
  });
});

describe('similarPairs', () => {
  it('finds every pair once', async () => {
    const { features } = clustered([30, 20]);
    const pairs = await similarPairs(features, { threshold: 0.995 });
    const expected = each(50).flatMap((a) => each(50).filter((b) => b > a && cosine(features, a, b) >= 0.995).map((b) => [a, b])); // prettier-ignore
    expect(pairs.map(({ a, b }) => [a, b])).toEqual(expected);
    expect(pairs.length).toBeGreaterThan(50);
    await expect(similarPairs(features, { threshold: 0.995, maxPairs: 10 })).rejects.toThrow('more than 10 pairs have a cosine');
    await expect(similarPairs(features, { threshold: 2 })).rejects.toThrow('`threshold` must be in [-1, 1], got 2');
  });
});

describe('connectedGroups', () => {
  it('joins chains, whatever the order of the pairs', () => {
    const pairs = [[8, 2], [3, 4], [2, 5], [9, 8], [4, 3]].map(([a, b]) => ({ a: a!, b: b! })); // prettier-ignore
    const expected = [[2, 5, 8, 9], [3, 4]]; // prettier-ignore
    expect(connectedGroups(10, pairs)).toEqual(expected);
    expect(connectedGroups(10, [...pairs].reverse())).toEqual(expected);
    expect(connectedGroups(3, [])).toEqual([]);
    expect(() => connectedGroups(2, [{ a: 0, b: 2 }])).toThrow('`pairs` must be integers in [0, 2), got 2');
  });
});

describe('localOutlierFactors', () => {
  it('finds what belongs nowhere', async () => {
    const { features } = clustered([40, 40], 0.05);
    const data = Float32Array.of(...features.data, 9, -9, 9, -9, 9);
    const all: FeatureMatrix = { data, shape: [81, DIM] };
    const factors = localOutlierFactors(await nearestNeighbors(all, all, { k: 10, excludeSelf: true }));
    expect(factors.indexOf(Math.max(...factors))).toBe(80);
    expect(factors[80]).toBeGreaterThan(3);
    expect([...factors].sort((a, b) => a - b)[40]).toBeCloseTo(1, 0);
  });
});

describe('kCenter', () => {
  it('takes the farthest each time', async () => {
    const { features } = clustered([30, 20, 10], 0.3);
    const { rows, distances } = await kCenter(features, { count: 12, chosen: [3] });
    const chosen = [3];
    for (const [i, row] of rows.entries()) {
      const far = (of: number) => Math.min(...chosen.map((other) => 1 - cosine(features, of, other)));
      const best = each(60).reduce((most, of) => (!chosen.includes(of) && far(of) > far(most) ? of : most), 3);
      expect(row).toBe(best);
      expect(distances[i]).toBeCloseTo(far(row), 9);
      chosen.push(row);
    }
  });

  it('begins in the middle, and knows how many there are', async () => {
    const fan = matrix([[0, 1], [1, 1], [2, 1], [1, 0]]); // prettier-ignore
    expect([...(await kCenter(fan, { count: 4 })).rows]).toEqual([1, 0, 3, 2]);
    await expect(kCenter(fan, { count: 4, chosen: [0] })).rejects.toThrow('`count` must be an integer from 1 to 3, the rows that are left');
    await expect(kCenter(fan, { count: 1, chosen: [4] })).rejects.toThrow('`chosen` must be rows in [0, 4), got 4');
  });
});

describe('kMeans', () => {
  it('finds clusters that are there', async () => {
    const { features, clusters } = clustered([50, 40, 30, 20], 0.05);
    const found = await kMeans(features, { count: 4, seed: 0 });
    expect(new Set(clusters.map((cluster, row) => `${cluster} ${found.clusters[row]!}`)).size).toBe(4);
    expect(await kMeans(features, { count: 4, seed: 0 })).toEqual(found);
    const one = await kMeans(features, { count: 140, seed: 0 });
    expect(one.inertia).toBeLessThan(found.inertia);
    await expect(kMeans(features, { count: 141, seed: 0 })).rejects.toThrow('`count` must be an integer from 1 to 140');
  });

  it('leaves no cluster empty', async () => {
    const rows = matrix([[0, 0], [0, 1], [5, 5], [5, 6]]); // prettier-ignore
    const far = { data: Float32Array.of(0, 0, 100, 100, 200, 200), shape: [3, 2] as const };
    const { clusters } = await kMeans(rows, { count: 3, seed: 0, centers: far });
    expect(new Set(clusters).size).toBe(3);
  });
});

describe('typicalRows', () => {
  it('takes one of each cluster, the large ones first, and none from the edge', async () => {
    const { features, clusters } = clustered([60, 40, 20], 0.1);
    const { rows, sizes, typicality } = await typicalRows(features, { count: 3, seed: 0 });
    expect([...rows].map((row) => clusters[row])).toEqual([0, 1, 2]);
    expect([...sizes]).toEqual([60, 40, 20]);
    expect(typicality.every((value) => value > 0)).toBe(true);
    const own = each(60);
    const { cosines, k } = await nearestNeighbors(
      { data: features.data.subarray(0, 60 * DIM), shape: [60, DIM] },
      { data: features.data.subarray(0, 60 * DIM), shape: [60, DIM] },
      { k: 20, excludeSelf: true },
    );
    const mean = (row: number) => [...cosines.subarray(row * k, (row + 1) * k)].reduce((sum, c) => sum + Math.sqrt(2 - 2 * c), 0);
    expect(rows[0]).toBe(own.reduce((best, row) => (mean(row) < mean(best) ? row : best)));
  });

  it('goes where nothing is chosen yet, and comes to an end', async () => {
    const { features, clusters } = clustered([30, 20, 10], 0.1);
    const { rows } = await typicalRows(features, { count: 2, seed: 0, chosen: [0] });
    expect([...rows].map((row) => clusters[row])).toEqual([1, 2]);
    const all = await typicalRows(features, { count: 59, seed: 0, chosen: [7] });
    expect(new Set(all.rows).size).toBe(59);
    expect([...all.rows]).not.toContain(7);
  });
});

describe('separatingThreshold', () => {
  // angles of a Gumbel distribution with its mode at 1 and a scale of 0.1
  const nearest = each(2000).map((i) => Math.cos(1 + 0.1 * Math.log(-Math.log((i + 0.5) / 2000))));
  const tail = 1 + 0.1 * Math.log(-Math.log(0.999)); // the angle that one of a thousand is below
  const copiesAt = (angle: number) => each(100).map((i) => Math.cos(angle * (i / 100)));

  it('is at the tail of the others, or in the middle of a gap', () => {
    const wide = separatingThreshold({ copies: copiesAt(1), nearest });
    expect(Math.acos(wide.threshold)).toBeCloseTo(tail, 2);
    expect(wide.nearest).toBeCloseTo(0.001, 3);
    expect(wide.copies).toBeCloseTo(tail, 1);
    const apart = separatingThreshold({ copies: copiesAt(0.1), nearest });
    expect(Math.acos(apart.threshold)).toBeCloseTo((0.095 + tail) / 2, 2);
    expect(apart.copies).toBe(1);
  });

  it('hardly moves where a tenth of the samples have copies', () => {
    const mixed = [...nearest, ...each(200).map((i) => Math.cos(i / 500))];
    const found = separatingThreshold({ copies: copiesAt(1), nearest: mixed });
    expect(Math.abs(Math.acos(found.threshold) - tail)).toBeLessThan(0.15);
    expect(Math.acos(found.threshold)).toBeGreaterThan(0.15);
  });

  it('refuses what says nothing', () => {
    expect(() => separatingThreshold({ copies: [], nearest })).toThrow('must have at least one number each');
    expect(() => separatingThreshold({ copies: [1], nearest, maxFalse: 0 })).toThrow('`maxFalse` must be in (0, 0.5), got 0');
  });
});

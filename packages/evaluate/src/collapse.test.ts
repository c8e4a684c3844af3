import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { alignment } from './alignment.ts';
import { collapseAlarm } from './collapse-alarm.ts';
import { featureStd } from './feature-std.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import { rankMe } from './rank-me.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';
import { uniformity } from './uniformity.ts';

const of = (rows: number[][]): FeatureMatrix => ({ data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]!.length] });
const normal = (rows: number, dim: number, tag = 'x'): FeatureMatrix => ({
  data: drawNormal(createRng(0).fold(tag), rows * dim),
  shape: [rows, dim],
});
const identity = (n: number, scale = 1) =>
  of(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? scale : 0))));

describe('symmetricEigenvalues', () => {
  it('finds those of [[2, 1], [1, 2]], of a diagonal matrix and of one of ones', () => {
    const sorted = (values: number[], n: number) => [...symmetricEigenvalues(Float64Array.from(values), n)].sort((a, b) => a - b);
    const expectClose = (actual: number[], expected: number[]) => {
      expected.forEach((value, i) => {
        expect(actual[i]).toBeCloseTo(value, 12);
      });
    };
    expectClose(sorted([2, 1, 1, 2], 2), [1, 3]);
    expectClose(sorted([3, 0, 0, -1], 2), [-1, 3]);
    expectClose(sorted([1, 2, 3, 2, 1, 2, 3, 2, 1], 3), [-2, (5 - Math.sqrt(41)) / 2, (5 + Math.sqrt(41)) / 2]);
    expectClose(sorted(new Array<number>(25).fill(1), 5), [0, 0, 0, 0, 5]);
    expectClose(sorted([0, 0, 0, 0], 2), [0, 0]);
  });
});

describe('featureStd', () => {
  it('is 0 for one direction, 1/√dim on a sphere, and knows the deviation in closed form', () => {
    expect(
      featureStd(
        of([
          [1, 2],
          [2, 4],
          [0.5, 1],
        ]),
      ),
    ).toBeCloseTo(0, 12);
    expect(featureStd(normal(4000, 16))).toBeCloseTo(0.25, 2);
    expect(
      featureStd(
        of([
          [1, 0],
          [5, 0],
        ]),
        { normalize: false },
      ),
    ).toBeCloseTo(Math.sqrt(8) / 2, 12);
    expect(
      featureStd(
        of([
          [3, 0],
          [-3, 0],
        ]),
      ),
    ).toBeCloseTo(Math.SQRT2 / 2, 12);
  });
});

describe('rankMe', () => {
  it('counts equal directions, is 1 for a line, and does not depend on scale, rows first or columns first', () => {
    expect(rankMe(identity(7))).toBeCloseTo(7, 4);
    expect(rankMe(identity(7, 1e-3))).toBeCloseTo(7, 4);
    expect(
      rankMe(
        of([
          [1, 2, 3],
          [2, 4, 6],
          [-1, -2, -3],
          [0, 0, 0],
        ]),
      ),
    ).toBeCloseTo(1, 4);
    expect(
      rankMe(
        of([
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toBe(1);
    const wide = normal(3, 8);
    const tall: FeatureMatrix = {
      data: Float32Array.from({ length: 24 }, (_, k) => wide.data[(k % 3) * 8 + Math.floor(k / 3)]!),
      shape: [8, 3],
    };
    expect(rankMe(wide)).toBeCloseTo(rankMe(tall), 10);
    // singular values 3 and 1: p = 3/4, 1/4
    expect(
      rankMe(
        of([
          [3, 0],
          [0, 1],
        ]),
      ),
    ).toBeCloseTo(4 / 3 ** 0.75, 5);
  });
});

describe('alignment and uniformity', () => {
  it('have their closed forms: a right angle is 2 apart, opposite points have log exp(-8)', () => {
    expect(
      alignment(
        of([
          [2, 0],
          [0, 3],
        ]),
        of([
          [0, 1],
          [0, 1],
        ]),
      ),
    ).toBeCloseTo(1, 12);
    expect(alignment(of([[2, 0]]), of([[-1, 0]]), { alpha: 3 })).toBeCloseTo(8, 12);
    expect(
      uniformity(
        of([
          [1, 0],
          [-2, 0],
        ]),
      ),
    ).toBeCloseTo(-8, 12);
    expect(
      uniformity(
        of([
          [1, 1],
          [2, 2],
          [3, 3],
        ]),
      ),
    ).toBeCloseTo(0, 10);
    expect(
      uniformity(
        of([
          [1, 0],
          [0, 1],
        ]),
        { t: 3 },
      ),
    ).toBeCloseTo(-6, 12);
    expect(alignment(normal(500, 64, 'a'), normal(500, 64, 'b'))).toBeCloseTo(2, 1);
  });
});

describe('collapseAlarm', () => {
  const diagnose = (features: FeatureMatrix) => ({
    dim: features.shape[1],
    std: featureStd(features),
    rank: rankMe(features),
    uniformity: uniformity(features),
  });
  const kinds = (...args: Parameters<typeof collapseAlarm>) => collapseAlarm(...args).map(({ kind }) => kind);

  it('is silent for features all over the sphere and names complete and dimensional collapse', () => {
    const healthy = normal(200, 32);
    expect(collapseAlarm({ ...diagnose(healthy), alignment: 0.4 })).toEqual([]);
    const point: FeatureMatrix = { data: healthy.data.map((x, i) => 1 + (i % 32) + 1e-2 * x), shape: healthy.shape };
    expect(kinds(diagnose(point))).toEqual(['complete']);
    const line: FeatureMatrix = {
      data: healthy.data.map((_, i) => healthy.data[32 * Math.floor(i / 32)]! * (1 + ((i % 32) % 3))),
      shape: healthy.shape,
    };
    expect(kinds(diagnose(line))).toEqual(['dimensional']);
    expect(collapseAlarm(diagnose(line))[0]!.message).toMatch(/^rank 1 is below 1.6 of 32: the features fill few dimensions; likely /);
  });

  it('judges what is there, by the thresholds given, each on its own side', () => {
    expect(kinds({ dim: 4 })).toEqual([]);
    expect(kinds({ dim: 4, std: 0.049 })).toEqual(['complete']);
    expect(kinds({ dim: 4, std: 0.051 })).toEqual([]);
    expect(kinds({ dim: 4, std: 0.051 }, { minStdShare: 0.2 })).toEqual(['complete']);
    expect(kinds({ dim: 4, uniformity: -0.1 })).toEqual(['complete']);
    expect(kinds({ dim: 4, std: 0.4, uniformity: -0.3, alignment: 1.7 })).toEqual(['unaligned']);
    expect(kinds({ dim: 100, rank: 4.9 })).toEqual(['dimensional']);
    expect(kinds({ dim: 100, rank: 5.1 })).toEqual([]);
  });
});

it('says what is wrong', () => {
  const two = normal(2, 3);
  const failures: [string, string, () => unknown][] = [
    ['SELFSUP_SHAPE', 'featureStd: `features` must have at least 2 rows, got shape [1, 3]', () => featureStd(normal(1, 3))],
    ['SELFSUP_SHAPE', 'uniformity: `features` must have at least 2 rows', () => uniformity(normal(1, 3))],
    ['SELFSUP_OPTION', 'uniformity: `t` must be a finite number > 0, got 0', () => uniformity(two, { t: 0 })],
    ['SELFSUP_OPTION', 'alignment: `alpha` must be a finite number > 0, got -1', () => alignment(two, two, { alpha: -1 })],
    ['SELFSUP_SHAPE', 'alignment: `b` must have shape [2, 3] like `a`, got [3, 3]', () => alignment(two, normal(3, 3))],
    ['SELFSUP_NON_FINITE', 'rankMe: `features` must be finite', () => rankMe(of([[1, NaN]]))],
    ['SELFSUP_NON_FINITE', 'collapseAlarm: `std` must be finite, got NaN', () => collapseAlarm({ dim: 2, std: NaN })],
    ['SELFSUP_OPTION', 'collapseAlarm: `dim` must be an integer >= 1, got 0', () => collapseAlarm({ dim: 0 })],
  ];
  for (const [code, message, call] of failures)
    try {
      call();
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toContain(message);
      expect(isSelfsupError(error) && error.code).toBe(code);
    }
});

import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { formatLabelCurve } from './format-label-curve.ts';
import { labelEfficiencyCurve, type LabelCurveTrial } from './label-efficiency-curve.ts';
import { labelSubset } from './label-subset.ts';

const labels = Int32Array.from({ length: 200 }, (_, i) => (i < 100 ? 0 : i < 195 ? 1 : 2)); // 100, 95 and 5 of a class
const perClass = (indices: Int32Array) => [0, 1, 2].map((label) => indices.filter((index) => labels[index] === label).length);
const rng = createRng(3);

describe('labelSubset', () => {
  it('takes as many of each class as there can be', () => {
    expect(perClass(labelSubset(labels, { count: 9, rng }))).toEqual([3, 3, 3]);
    expect(perClass(labelSubset(labels, { count: 45, rng }))).toEqual([20, 20, 5]);
    expect(perClass(labelSubset(labels, { count: 200, rng }))).toEqual([100, 95, 5]);
    expect(perClass(labelSubset(labels, { count: 10, rng })).sort()).toEqual([3, 3, 4]);
  });

  it('or as many as the share of the class', () => {
    expect(perClass(labelSubset(labels, { count: 40, rng, balance: 'proportional' }))).toEqual([20, 19, 1]);
    expect(perClass(labelSubset(labels, { count: 200, rng, balance: 'proportional' }))).toEqual([100, 95, 5]);
    expect(perClass(labelSubset(labels, { count: 10, rng, balance: 'proportional' }))).toEqual([5, 5, 0]);
    expect(perClass(labelSubset(labels, { count: 10, rng, balance: 'proportional', everyClass: true }))).toEqual([5, 4, 1]);
    expect(perClass(labelSubset(labels, { count: 40, rng, balance: 'proportional', everyClass: true }))).toEqual([20, 19, 1]);
  });

  it.each(['equal', 'proportional'] as const)('is nested, without repeats and decided by its stream (%s)', (balance) => {
    const all = labelSubset(labels, { count: 200, rng, balance });
    expect(new Set(all).size).toBe(200);
    for (const count of [1, 10, 100]) expect([...labelSubset(labels, { count, rng, balance })]).toEqual([...all.subarray(0, count)]);
    expect([...labelSubset(labels, { count: 200, rng: createRng(4), balance })]).not.toEqual([...all]);
  });

  it('refuses what does not fit', () => {
    expect(() => labelSubset(labels, { count: 201, rng })).toThrow('`count` must be an integer in [1, 200], the number of labels, got 201');
    expect(() => labelSubset(labels, { count: 0, rng })).toThrow('got 0');
    expect(() => labelSubset([0, -1], { count: 1, rng })).toThrow('got -1 at row 1');
  });
});

describe('labelEfficiencyCurve', () => {
  it('gives all arms the same labels, more of them the fewer ones, and averages over seeds', async () => {
    const trials: (LabelCurveTrial & { arm: string })[] = [];
    const reported: number[] = [];
    const arm = (name: string, gain: number) => (trial: LabelCurveTrial) => {
      trials.push({ ...trial, arm: name });
      return Promise.resolve(0.5 + gain + 0.1 * trial.seed);
    };
    const arms = { pretrained: arm('pretrained', 0.2), scratch: arm('scratch', 0) };
    const rows = await labelEfficiencyCurve({ labels, arms, counts: ['all', 10, 30, 1000], seeds: [0, 2], onTrial: ({ count }) => reported.push(count) }); // prettier-ignore
    expect(rows.map(({ count, arm: name }) => [count, name])).toEqual([10, 30, 200].flatMap((count) => [[count, 'pretrained'], [count, 'scratch']])); // prettier-ignore
    expect(rows[0]!.accuracies).toEqual([0.7, expect.closeTo(0.9, 12)]);
    expect(rows[0]!.mean).toBeCloseTo(0.8, 12);
    expect(rows[0]!.deviation).toBeCloseTo(0.2 / Math.SQRT2, 12); // √(2 · 0.1² / 1)
    expect(reported).toHaveLength(12);
    const indicesOf = (name: string, count: number, seed: number) => [
      ...trials.find(({ arm: of, indices, seed: s }) => of === name && indices.length === count && s === seed)!.indices,
    ];
    expect(indicesOf('pretrained', 10, 2)).toEqual(indicesOf('scratch', 10, 2));
    expect(indicesOf('pretrained', 30, 2).slice(0, 10)).toEqual(indicesOf('scratch', 10, 2));
    expect(indicesOf('scratch', 10, 0)).not.toEqual(indicesOf('scratch', 10, 2));
    expect(indicesOf('scratch', 200, 0)).toEqual([...labels.keys()]);
  });

  it('is printed as a table', () => {
    const row = (count: number, arm: string, mean: number, deviation: number) => ({ count, arm, accuracies: [], mean, deviation });
    const rows = [row(10, 'pretrained', 0.5, 0.0123), row(10, 'scratch', 0.25, NaN), row(5452, 'pretrained', 0.875, 0)];
    expect(formatLabelCurve(rows)).toBe(
      ['labels     pretrained   scratch', '    10   50.0 ± 1.2 %    25.0 %', ' 5,452   87.5 ± 0.0 %         –'].join('\n'),
    );
  });

  it('refuses empty lists and counts that are none', async () => {
    const arms = { one: () => Promise.resolve(0) };
    await expect(labelEfficiencyCurve({ labels, arms: {} })).rejects.toThrow('`arms` must have at least one entry');
    await expect(labelEfficiencyCurve({ labels, arms, seeds: [] })).rejects.toThrow('`seeds` must have at least one entry');
    await expect(labelEfficiencyCurve({ labels, arms, counts: [0] })).rejects.toThrow("`counts` must be integers >= 1 or 'all', got 0");
  });
});

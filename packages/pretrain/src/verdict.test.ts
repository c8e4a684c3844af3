import { expect, it } from 'vitest';
import { isGood, judge } from './verdict.ts';
import type { Comparison } from './probe.ts';

const knn = (trained: number): Comparison => ({ title: 'kNN', unit: '%', better: 'higher', trained, baselines: { 'raw pixels': 25 } });
const alone = { name: 'the start from patches', isComputed: true };

it('is about the start where nothing was trained on top', () => {
  const good = judge([knn(35)], 0, alone);
  expect(good).toEqual(['The start from patches helps: kNN 35.0 %, against raw pixels 25.0 %.']);
  expect(isGood(good, alone)).toBe(true);
  const bad = judge([knn(20)], 0, alone);
  expect(bad[0]).toBe('The start from patches does not help: kNN 20.0 % does not beat raw pixels (raw pixels 25.0 %).');
  expect(bad[1]).toMatch(/^Train on top of it/);
  expect(isGood(bad, alone)).toBe(false);
  expect(judge([], 0, alone)[0]).toMatch(/nothing says whether the start from patches helps/);
});

it('does not ask whether weights helped that nothing was done to', () => {
  const random = { name: 'random weights', isComputed: false };
  const verdict = judge([knn(35)], 0, random);
  expect(verdict).toEqual(['Nothing was trained: kNN 35.0 % with random weights (raw pixels 25.0 %).']);
  expect(isGood(verdict, random)).toBe(false);
});

it.each([
  [12, 100 / 3, ' With 12 images to judge by, a difference of less than 18.6 points may be chance.'], // √(2 · 0.2917 · 0.7083 / 12)
  [1000, 100 / 3, ''],
])('says what chance may do: %i samples, %d %%', (count, trained, caveat) => {
  const comparison = { ...knn(trained), judges: { count, unit: 'images' } };
  expect(judge([comparison], 0)).toEqual([`Pretraining helped: kNN ${trained.toFixed(1)} %, against raw pixels 25.0 %.${caveat}`]);
});

it('is about pretraining otherwise', () => {
  expect(judge([knn(35)], 0)).toEqual(['Pretraining helped: kNN 35.0 %, against raw pixels 25.0 %.']);
  expect(isGood(judge([knn(35)], 1))).toBe(false);
  expect(isGood(judge([knn(35)], 0))).toBe(true);
});

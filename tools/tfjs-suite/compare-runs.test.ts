import { expect, it } from 'vitest';
import { compareRuns } from './compare-runs.ts';

const stock = { same: null, broken: null, excused: null, mended: 'no', both: 'no', outdated: null };
const ours = { same: null, broken: 'wrong', excused: 'differs', mended: null, both: 'no', outdated: null };

it('tells what is worse, what is known and what is better', () => {
  const { tests, passed, mended, known, problems } = compareRuns({ stock, ours }, { excused: 'tfjs errs', outdated: 'was once' });
  expect([tests, passed, mended, known]).toEqual([6, { stock: 4, ours: 3 }, ['mended'], ['excused']]);
  expect(problems).toEqual([
    'passes with the stock kernels and fails with ours: broken\n    wrong',
    'is no difference any more and must leave known-differences.json: outdated',
  ]);
});

it('does not take a test for passed that did not run', () => {
  const { problems } = compareRuns({ stock: { a: null }, ours: { b: null } }, {});
  expect(problems).toEqual(['did not run with our kernels: a', 'did not run with the stock kernels: b']);
});

it('judges a part of the suite by that part of the known differences', () => {
  expect(compareRuns({ stock: { a: null }, ours: { a: null } }, { excused: 'elsewhere' }).problems).toEqual([]);
});

import { expect, test } from 'vitest';
import { compare } from './compare.ts';
import type { Case, Numbers } from './exchange.ts';

const rows = (...data: number[]): Numbers => ({ shape: [2, 2], data });
const cases: Case[] = [{ expected: { features: rows(1, 0, 0, 4) } }];
const answer = (features: Numbers) => ({ id: 'x', outputs: [{ features }] });

test('the error is relative to the largest value, the cosine that of the worst row', () => {
  expect(compare(answer(rows(1, 0, 0, 4)), cases, 'features')).toEqual({ error: 0, cosine: 1, names: ['features'] });
  const { error, cosine } = compare(answer(rows(1, 1, 0, 4)), cases, 'features');
  expect(error).toBeCloseTo(1 / 4);
  expect(cosine).toBeCloseTo(Math.SQRT1_2);
});

test('what is not a number is no match', () => {
  const { error, cosine } = compare(answer(rows(1, 0, NaN, 4)), cases, 'features');
  expect([error, cosine]).toEqual([NaN, NaN]);
});

test('a map of one pixel is a row', () => {
  expect(compare(answer({ shape: [2, 2, 1, 1], data: [1, 0, 0, 4] }), cases, 'features').error).toBe(0);
});

test('a failure, a missing output and another shape are no match', () => {
  expect(() => compare({ id: 'x', error: 'cannot open' }, cases, 'features')).toThrow('cannot open');
  expect(() => compare({ id: 'x', outputs: [{ states: rows(1, 2, 3, 4) }] }, cases, 'features')).toThrow(
    'no output features; there are states',
  );
  expect(() => compare(answer({ shape: [4, 1], data: [1, 0, 0, 4] }), cases, 'features')).toThrow(
    'features: shape [4, 1] instead of [2, 2]',
  );
});

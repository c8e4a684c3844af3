import { expect, it } from 'vitest';
import { isNestedDeeper } from './is-nested-deeper.ts';

it('counts lists and objects', () => {
  expect(isNestedDeeper(1, 0)).toBe(false);
  expect(isNestedDeeper([], 0)).toBe(true);
  expect(isNestedDeeper({ a: 1, b: null }, 1)).toBe(false);
  expect(isNestedDeeper({ a: [[1]] }, 2)).toBe(true);
  expect(isNestedDeeper({ a: [[1]] }, 3)).toBe(false);
});

it('comes to an end on anything', () => {
  const circle: unknown[] = [];
  circle.push(circle, [circle]);
  expect(isNestedDeeper(circle, 64)).toBe(true);
  expect(isNestedDeeper(JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 64)).toBe(true);
});

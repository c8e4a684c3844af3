import { expect, it } from 'vitest';
import { accuracy } from './accuracy.ts';

it('is the share of right predictions', () => {
  expect(accuracy([1, 2, 3, 4], Int32Array.of(1, 2, 0, 4))).toBe(0.75);
  expect(() => accuracy([1], [1, 2])).toThrow('accuracy: `labels` must have as many items as `predictions`, at least one, got 2 for 1');
  expect(() => accuracy([], [])).toThrow('got 0 for 0');
});

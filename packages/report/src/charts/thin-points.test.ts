import { expect, it } from 'vitest';
import { thinPoints } from './thin-points.ts';

it('keeps few points as they are', () => {
  const points = [[0, 1], [1, 2]] as const; // prettier-ignore
  expect(thinPoints(points, 2)).toBe(points);
});

it('keeps ends, a single peak, a single dip and a break in order', () => {
  const points = Array.from({ length: 10_000 }, (_, x) => [x, x === 4321 ? 9 : x === 7654 ? -9 : x === 5555 ? NaN : 1] as const);
  const kept = thinPoints(points, 500);
  expect(kept.length).toBeLessThanOrEqual(510);
  for (const x of [0, 4321, 5555, 7654, 9999]) expect(kept).toContain(points[x]);
  expect(kept.map(([x]) => x)).toEqual(kept.map(([x]) => x).sort((a, b) => a - b));
});

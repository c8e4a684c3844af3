import { expect, it } from 'vitest';
import { nearestNeighbors } from './nearest-neighbors.ts';

const matrix = (rows: readonly (readonly number[])[]) => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]!.length] as const,
});

it('finds the nearest directions, whatever the lengths', async () => {
  const bank = matrix([[1, 0], [0, 5], [3, 3], [-1, 0]]); // prettier-ignore
  const { k, indices, cosines } = await nearestNeighbors(matrix([[10, 0], [0, 0.1]]), bank, { k: 2 }); // prettier-ignore
  expect(k).toBe(2);
  expect([...indices]).toEqual([0, 2, 1, 2]);
  expect(cosines[0]).toBeCloseTo(1, 6);
  expect(cosines[1]).toBeCloseTo(Math.SQRT1_2, 6);
});

it('leaves the query itself out, and takes the lower row among equals', async () => {
  const rows = matrix([[1, 0], [2, 0], [3, 0]]); // prettier-ignore
  expect([...(await nearestNeighbors(rows, rows, { k: 5, excludeSelf: true })).indices]).toEqual([1, 2, 0, 2, 0, 1]);
});

it('says what does not fit', async () => {
  const rows = matrix([[1, 0]]);
  await expect(nearestNeighbors(rows, matrix([[1]]), { k: 1 })).rejects.toThrow('`bank` must have 2 columns like `queries`, got 1');
  await expect(nearestNeighbors(rows, rows, { k: 0 })).rejects.toThrow('`k` must be an integer >= 1, got 0');
});

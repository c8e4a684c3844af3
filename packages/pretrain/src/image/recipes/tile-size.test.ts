import { expect, it } from 'vitest';
import { tileOf, tilesAlong } from './tile-size.ts';

it('cuts small images into four tiles and large ones into nine, as the paper does', () => {
  const of = (imageSize: number, patchSize = 1) => {
    const { grid } = tilesAlong({}, imageSize);
    return [grid, tileOf(imageSize, grid, patchSize)];
  };
  expect([of(32), of(63), of(64), of(225)]).toEqual([[2, 13], [2, 26], [3, 17], [3, 64]]); // prettier-ignore
  expect(of(32, 4)).toEqual([2, 12]);
  expect([tilesAlong({}, 32), tilesAlong({}, 64), tilesAlong({ grid: 3 }, 32), tilesAlong({ numOrders: 64 }, 32)]).toEqual([
    { grid: 2, numOrders: 24 },
    { grid: 3, numOrders: 64 },
    { grid: 3, numOrders: 64 },
    { grid: 3, numOrders: 64 },
  ]);
  expect(() => tilesAlong({ grid: 2, numOrders: 25 }, 32)).toThrow('`numOrders` must be at most 24, the orders of 2x2 tiles, got 25');
});

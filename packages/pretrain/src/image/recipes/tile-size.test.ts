import { expect, it } from 'vitest';
import { tileOf, tilesAlong } from './tile-size.ts';

it('cuts small images into four tiles and large ones into nine, as the paper does', () => {
  const of = (imageSize: number, patchSize = 1) => {
    const grid = tilesAlong(undefined, imageSize);
    return [grid, tileOf(imageSize, grid, patchSize)];
  };
  expect([of(32), of(63), of(64), of(225)]).toEqual([[2, 13], [2, 26], [3, 17], [3, 64]]); // prettier-ignore
  expect(of(32, 4)).toEqual([2, 12]);
  expect(tilesAlong(3, 32)).toBe(3);
});

import { SelfsupError } from '@selfsup/core';
import { z } from 'zod';

/** Refuses tiles that are larger than their cells. */
export function checkTiles({ height, width }: { readonly height: number; readonly width: number }, grid: number, size: number): void {
  const cell = Math.floor(Math.min(height, width) / grid);
  if (size > cell)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`tileSize\` must be at most ${cell}, the side of a cell where ${grid}x${grid} tiles share images of ${height}x${width} pixels, got ${size}`,
    );
}

/** Images of fewer pixels are cut into four tiles: of nine, each would show too little. */
const NINE_TILES = 64;

/** An option for the tiles along each side; see {@link tilesAlong}. */
export const gridOption = z
  .int()
  .min(2)
  .max(3)
  .optional()
  .describe(`tiles along each side; default 3, of images below ${NINE_TILES} pixels 2 unless more than 24 orders are asked for`);

/** The orders of four tiles. */
const ORDERS_OF_FOUR = 24;

/** The tiles along each side and the number of orders: the given, or the usual ones. */
export function tilesAlong(
  { grid: asked, numOrders: orders }: { readonly grid?: number | undefined; readonly numOrders?: number | undefined },
  imageSize: number,
): { readonly grid: number; readonly numOrders: number } {
  const grid = asked ?? (imageSize < NINE_TILES && (orders ?? 0) <= ORDERS_OF_FOUR ? 2 : 3);
  if (grid === 2 && orders !== undefined && orders > ORDERS_OF_FOUR)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`numOrders\` must be at most ${ORDERS_OF_FOUR}, the orders of 2x2 tiles, got ${orders}; make it smaller, or \`grid\` 3`,
    );
  return { grid, numOrders: orders ?? (grid === 2 ? ORDERS_OF_FOUR : 64) };
}

/** The tiles of the paper on jigsaw puzzles: those of 64 pixels in cells of 75, in proportion, of whole patches and smaller than a cell: of 32 pixels four cells of 16 and tiles of 13. */
export function tileOf(imageSize: number, grid: number, patchSize: number): number {
  const cell = Math.floor(imageSize / grid);
  const numPatches = Math.round(Math.floor((64 / 75) * cell) / patchSize);
  return patchSize * Math.max(1, Math.min(numPatches, Math.floor((cell - 1) / patchSize)));
}

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

/** An option for the tiles along each side, at most so many; see {@link tilesAlong}. */
export const gridOption = (most: number) =>
  z.int().min(2).max(most).optional().describe(`tiles along each side; default 3, of images below ${NINE_TILES} pixels 2`);

/** The tiles along each side: the given, or the usual ones. */
export const tilesAlong = (given: number | undefined, imageSize: number): number => given ?? (imageSize < NINE_TILES ? 2 : 3);

/** The tiles of the paper on jigsaw puzzles: those of 64 pixels in cells of 75, in proportion, of whole patches and smaller than a cell: of 32 pixels four cells of 16 and tiles of 13. */
export function tileOf(imageSize: number, grid: number, patchSize: number): number {
  const cell = Math.floor(imageSize / grid);
  const numPatches = Math.round(Math.floor((64 / 75) * cell) / patchSize);
  return patchSize * Math.max(1, Math.min(numPatches, Math.floor((cell - 1) / patchSize)));
}

import { SelfsupError } from '@selfsup/core';

/** Refuses tiles that are larger than their cells. */
export function checkTiles({ height, width }: { readonly height: number; readonly width: number }, grid: number, size: number): void {
  const cell = Math.floor(Math.min(height, width) / grid);
  if (size > cell)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`tileSize\` must be at most ${cell}, the side of a cell where ${grid}x${grid} tiles share images of ${height}x${width} pixels, got ${size}`,
    );
}

/** The tiles of the paper on jigsaw puzzles: those of 64 pixels in cells of 75, in proportion, of whole patches and smaller than a cell: of 32 pixels cells of 10 and tiles of 8. */
export function tileOf(imageSize: number, grid: number, patchSize: number): number {
  const cell = Math.floor(imageSize / grid);
  const numPatches = Math.round(Math.floor((64 / 75) * cell) / patchSize);
  return patchSize * Math.max(1, Math.min(numPatches, Math.floor((cell - 1) / patchSize)));
}

/** The tiles of the paper on jigsaw puzzles: those of 64 pixels in cells of 75, in proportion, of whole patches and smaller than a cell: of 32 pixels cells of 10 and tiles of 8. */
export function tileOf(imageSize: number, grid: number, patchSize: number): number {
  const cell = Math.floor(imageSize / grid);
  const numPatches = Math.round(Math.floor((64 / 75) * cell) / patchSize);
  return patchSize * Math.max(1, Math.min(numPatches, Math.floor((cell - 1) / patchSize)));
}

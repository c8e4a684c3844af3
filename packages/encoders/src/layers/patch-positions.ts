import { sidesOf, type Sides } from './grid-of.ts';

/**
 * Fixed 2-D positions: half of the columns for the place across, half for the place down, each sines and then cosines of place/10000^(i/(width/4)).
 *
 * @param grid patches along each side, or `[down, across]`
 * @param width columns of the positions, a multiple of 4
 * @returns `[1 + rows · columns, width]` row by row; the first row, the class token's, is 0
 */
export function sinCosPositions(grid: Sides, width: number): Float32Array {
  const [rows, columns] = sidesOf(grid);
  const quarter = width / 4;
  const values = new Float32Array((1 + rows * columns) * width);
  for (let patch = 0; patch < rows * columns; patch++)
    for (const [half, place] of [patch % columns, Math.floor(patch / columns)].entries())
      for (let i = 0; i < quarter; i++) {
        const angle = place / 10000 ** (i / quarter);
        const at = (1 + patch) * width + half * 2 * quarter + i;
        values[at] = Math.sin(angle);
        values[at + quarter] = Math.cos(angle);
      }
  return values;
}

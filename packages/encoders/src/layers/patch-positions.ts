/**
 * Fixed 2-D positions: half of the columns for the place across, half for the place down, each sines and then cosines of place/10000^(i/(width/4)).
 *
 * @returns `[1 + gridSize², width]` row by row; the first row, the class token's, is 0
 */
export function sinCosPositions(gridSize: number, width: number): Float32Array {
  const quarter = width / 4;
  const values = new Float32Array((1 + gridSize * gridSize) * width);
  for (let patch = 0; patch < gridSize * gridSize; patch++)
    for (const [half, place] of [patch % gridSize, Math.floor(patch / gridSize)].entries())
      for (let i = 0; i < quarter; i++) {
        const angle = place / 10000 ** (i / quarter);
        const at = (1 + patch) * width + half * 2 * quarter + i;
        values[at] = Math.sin(angle);
        values[at + quarter] = Math.cos(angle);
      }
  return values;
}

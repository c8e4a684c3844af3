import * as tf from '@tensorflow/tfjs-core';

/** The cubic convolution kernel with a = −0.75, as PyTorch has it, at a distance in [0, 2]. */
function cubic(distance: number): number {
  const a = -0.75;
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  return (((distance - 5) * distance + 8) * distance - 4) * a;
}

/**
 * The weights `[to, from]` of bicubic interpolation along one axis, row by row: four values around the center of each new place, those at a border repeated
 * beyond it.
 *
 * @returns PyTorch's `interpolate(size=to, mode='bicubic', align_corners=False)` of the columns of an identity matrix; its rows add up to 1
 */
export function bicubicWeights(from: number, to: number): Float64Array {
  const weights = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const center = ((i + 0.5) * from) / to - 0.5; // place k has its center at k
    const first = Math.floor(center) - 1;
    for (let k = first; k < first + 4; k++) {
      const at = i * from + Math.min(from - 1, Math.max(0, k));
      weights[at] = weights[at]! + cubic(Math.abs(center - k));
    }
  }
  return weights;
}

/**
 * Positions of a square grid of patches brought to another grid: a constant matrix `[rows·columns, gridSize²]` times the positions, so that it is
 * differentiable everywhere. The matrix is made anew in each call and no tensor outlives it.
 *
 * @param positions float32 `[gridSize², width]`, row by row
 * @param grid the square they are for, and the rows and columns of the new grid
 * @returns float32 `[rows·columns, width]`; `positions` itself where nothing changes
 */
export function interpolatePositions(positions: tf.Tensor2D, grid: { gridSize: number; rows: number; columns: number }): tf.Tensor2D {
  const { gridSize, rows, columns } = grid;
  if (rows === gridSize && columns === gridSize) return positions;
  const [down, across] = [bicubicWeights(gridSize, rows), bicubicWeights(gridSize, columns)];
  const length = gridSize * gridSize;
  const matrix = new Float32Array(rows * columns * length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let y = 0; y < gridSize; y++) {
        const weight = down[row * gridSize + y]!;
        if (weight === 0) continue; // four of a row are not 0
        const at = (row * columns + column) * length + y * gridSize;
        for (let x = 0; x < gridSize; x++) matrix[at + x] = weight * across[column * gridSize + x]!;
      }
  return tf.tidy(() => tf.matMul(tf.tensor2d(matrix, [rows * columns, length]), positions));
}

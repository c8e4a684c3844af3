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
 * Positions of a grid of patches brought to another grid: a constant matrix `[new rows · new columns, old rows · old columns]` times the positions, so that it is
 * differentiable everywhere. The matrix is made anew in each call and no tensor outlives it.
 *
 * @param positions float32 `[rows · columns, width]` of the grid that they are for, row by row
 * @param grid `from` and `to`: rows and columns of the grid they are for, and of the new one
 * @returns float32 `[rows · columns, width]` of the new grid; `positions` itself where nothing changes
 */
export function interpolatePositions(
  positions: tf.Tensor2D,
  { from, to }: Readonly<Record<'from' | 'to', readonly [rows: number, columns: number]>>,
): tf.Tensor2D {
  const [rows, columns] = to;
  const [height, breadth] = from;
  if (rows === height && columns === breadth) return positions;
  const [down, across] = [bicubicWeights(height, rows), bicubicWeights(breadth, columns)];
  const length = height * breadth;
  const matrix = new Float32Array(rows * columns * length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let y = 0; y < height; y++) {
        const weight = down[row * height + y]!;
        if (weight === 0) continue; // four of a row are not 0
        const at = (row * columns + column) * length + y * breadth;
        for (let x = 0; x < breadth; x++) matrix[at + x] = weight * across[column * breadth + x]!;
      }
  return tf.tidy(() => tf.matMul(tf.tensor2d(matrix, [rows * columns, length]), positions));
}

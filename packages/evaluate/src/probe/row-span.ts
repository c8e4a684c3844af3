import * as tf from '@tensorflow/tfjs-core';

/** Part of the mean squared length of the rows below which what is left of a row counts as nothing: it is the rounding of float32. */
const NOTHING = 1e-6;

/** A basis of the span of rows. */
export interface RowSpan {
  /** `[rows, rank]`: the rows in an orthonormal basis of their span; the caller disposes it. */
  readonly coordinates: tf.Tensor2D;
  /** Brings `[rank, columns]` weights for the coordinates to `[dim, columns]` weights for the rows themselves, row by row. */
  readonly lift: (weights: Float64Array, columns: number) => Promise<Float64Array>;
}

/**
 * Cholesky's decomposition of a positive semidefinite matrix with pivots, up to its rank: `factor` `[n, n]`, whose first `rank` columns count, and the rows
 * that the pivots are in.
 */
function choleskyWithPivots(matrix: ArrayLike<number>, n: number): { factor: Float64Array; pivots: number[] } {
  const factor = new Float64Array(n * n);
  const left = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!);
  const least = (NOTHING * left.reduce((sum, value) => sum + value, 0)) / n;
  const pivots: number[] = [];
  for (let k = 0; k < n; k++) {
    let pivot = 0;
    for (let i = 1; i < n; i++) if (left[i]! > left[pivot]!) pivot = i;
    if (!(left[pivot]! > least)) break;
    pivots.push(pivot);
    const root = Math.sqrt(left[pivot]!);
    const row = factor.subarray(pivot * n, pivot * n + k);
    for (let i = 0; i < n; i++) {
      let sum = matrix[i * n + pivot]!;
      for (let j = 0, at = i * n; j < k; j++, at++) sum -= factor[at]! * row[j]!;
      factor[i * n + k] = sum / root;
      left[i] = Math.max(0, left[i]! - (sum / root) ** 2);
    }
    left[pivot] = 0;
  }
  return { factor, pivots };
}

/**
 * The rows of a wide matrix in an orthonormal basis Q of their span: the solution of a problem with an L2 penalty lies there, so nothing is lost. With X Xᵀ =
 * L Lᵀ the coordinates are L, and Q = X_Sᵀ L_SS⁻ᵀ, where S are the rows of the pivots. Internal.
 *
 * @param x float32 `[rows, dim]`, dim > rows; it stays the caller's
 */
export async function rowSpan(x: tf.Tensor2D): Promise<RowSpan> {
  const n = x.shape[0];
  const products = tf.tidy(() => tf.matMul(x, x, false, true));
  const { factor, pivots } = choleskyWithPivots(
    await products.data().finally(() => {
      products.dispose();
    }),
    n,
  );
  const rank = Math.max(1, pivots.length);
  const coordinates = new Float32Array(n * rank);
  for (let i = 0; i < n; i++) for (let j = 0; j < rank; j++) coordinates[i * rank + j] = factor[i * n + j]!;
  return {
    coordinates: tf.tensor2d(coordinates, [n, rank]),
    lift: async (weights, columns) => {
      if (pivots.length === 0) return new Float64Array(x.shape[1] * columns); // all rows are 0
      const solved = weights.slice(); // L_SSᵀ · solved = weights, from the last row up
      for (let k = rank - 1; k >= 0; k--)
        for (let c = 0; c < columns; c++) {
          let sum = solved[k * columns + c]!;
          for (let j = k + 1; j < rank; j++) sum -= factor[pivots[j]! * n + k]! * solved[j * columns + c]!;
          solved[k * columns + c] = sum / factor[pivots[k]! * n + k]!;
        }
      const lifted = tf.tidy(() => {
        const rows = tf.gather(x, tf.tensor1d(Int32Array.from(pivots), 'int32')); // [rank, dim]
        return tf.matMul(rows, tf.tensor2d(Float32Array.from(solved), [rank, columns]), true);
      });
      const values = await lifted.data().finally(() => {
        lifted.dispose();
      });
      return Float64Array.from(values);
    },
  };
}

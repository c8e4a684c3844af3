import { drawNormal, nextTurn, semidefiniteEigen, type Rng } from '@selfsup/core';
import { multiplyRows, type SparseMatrix } from './sparse-matrix.ts';

/** The largest singular values of a matrix and their vectors. Internal. */
export interface TruncatedSvd {
  /** `[rank]`, decreasing; the rank asked for or less. */
  readonly values: Float64Array;
  /** `[rows, rank]` row-major: `matrix · right`, the left vectors times their singular values. */
  readonly scaledLeft: Float32Array;
  /** `[columns, rank]` row-major: the right vectors. */
  readonly right: Float32Array;
}

/** Options of {@link truncatedSvd}. Internal. */
export interface TruncatedSvdOptions {
  /** The transpose of the matrix. */
  transposed: SparseMatrix;
  /** How many singular values, ≥ 1. */
  rank: number;
  /** Columns beyond `rank` that are iterated and dropped at the end, ≥ 0. */
  oversampling: number;
  /** How often the subspace goes through the matrix and back, ≥ 1. */
  iterations: number;
  /** Where it starts. */
  rng: Rng;
  /** Stops before the next block of rows. */
  signal?: AbortSignal;
  /** Told how many rows a block had. */
  onRows?: ((rows: number) => void) | undefined;
}

/** Entries of the matrix between two turns of the event loop. */
const TURN = 200_000;

/** `matrix · dense`, letting others run in between. */
export async function multiply(
  matrix: SparseMatrix,
  dense: Float32Array,
  { width, signal, onRows }: { width: number; signal?: AbortSignal | undefined; onRows?: ((rows: number) => void) | undefined },
): Promise<Float32Array> {
  const rows = matrix.shape[0];
  const out = new Float32Array(rows * width);
  for (let from = 0, to = 0; from < rows; from = to) {
    while (to < rows && (to === from || matrix.starts[to]! - matrix.starts[from]! < TURN)) to++;
    await nextTurn();
    signal?.throwIfAborted();
    multiplyRows(matrix, dense, { width, out, from, to });
    onRows?.(to - from);
  }
  return out;
}

/** `denseᵀ · dense` of `[rows, width]`, in float64. */
function gramOf(dense: Float32Array, width: number): Float64Array {
  const gram = new Float64Array(width * width);
  for (let row = 0; row < dense.length; row += width)
    for (let i = 0; i < width; i++) {
      const [value, at] = [dense[row + i]!, i * width];
      if (value !== 0) for (let j = i; j < width; j++) gram[at + j]! += value * dense[row + j]!;
    }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) gram[i * width + j] = gram[j * width + i]!;
  return gram;
}

/**
 * Makes the columns of `[rows, width]` orthonormal in place: Cholesky's factor of their products, then its inverse from the right. A column that depends on
 * those before it becomes zeros.
 */
function orthonormalize(dense: Float32Array, width: number): void {
  const factor = gramOf(dense, width); // its lower triangle becomes the factor L, with 1 / L[j, j] on the diagonal, or 0
  for (let j = 0; j < width; j++) {
    const own = factor[j * width + j]!;
    let rest = own;
    for (let k = 0; k < j; k++) rest -= factor[j * width + k]! ** 2;
    const scale = rest > 1e-10 * own ? 1 / Math.sqrt(rest) : 0;
    factor[j * width + j] = scale;
    for (let i = j + 1; i < width; i++) {
      let sum = factor[i * width + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * width + k]! * factor[j * width + k]!;
      factor[i * width + j] = sum * scale;
    }
  }
  const row = new Float64Array(width);
  for (let at = 0; at < dense.length; at += width) {
    for (let j = 0; j < width; j++) {
      let sum = dense[at + j]!;
      for (let k = 0; k < j; k++) sum -= factor[j * width + k]! * row[k]!;
      row[j] = sum * factor[j * width + j]!;
    }
    dense.set(row, at);
  }
}

/** `dense · vectorsᵀ`: of `[rows, width]` by the first `rank` rows of `[width, width]`, in place of it `[rows, rank]`. */
function project(dense: Float32Array, vectors: Float64Array, { width, rank }: { width: number; rank: number }): Float32Array {
  const rows = dense.length / width;
  const out = new Float32Array(rows * rank);
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < rank; k++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += dense[row * width + j]! * vectors[k * width + j]!;
      out[row * rank + k] = sum;
    }
  return out;
}

/**
 * The largest singular values of a sparse matrix and their vectors, by randomized subspace iteration. Internal.
 *
 * @param matrix `[rows, columns]`
 * @param options see {@link TruncatedSvdOptions}
 * @returns see {@link TruncatedSvd}; the same for the same `rng`
 * @see Halko, Martinsson, Tropp: "Finding structure with randomness", algorithm 4.4, https://arxiv.org/abs/0909.4061
 * @remarks `2 · iterations + 1` products of the matrix with `rank + oversampling` columns; the subspace is orthonormalized, in float64, once an iteration.
 */
export async function truncatedSvd(matrix: SparseMatrix, options: TruncatedSvdOptions): Promise<TruncatedSvd> {
  const { transposed, oversampling, iterations, rng, signal, onRows } = options;
  const [rows, columns] = matrix.shape;
  const width = Math.min(options.rank + oversampling, rows, columns);
  const product = { width, signal, onRows };
  let right = drawNormal(rng, columns * width);
  for (let iteration = 0; iteration < iterations; iteration++) {
    right = await multiply(transposed, await multiply(matrix, right, product), product);
    orthonormalize(right, width);
  }
  const image = await multiply(matrix, right, product); // [rows, width]
  const { values: squares, vectors } = semidefiniteEigen(gramOf(image, width), width);
  const all = Math.min(options.rank, width);
  const none = squares.findIndex((square, k) => k >= all || square <= 1e-12 * squares[0]! || square === 0);
  const rank = none < 0 ? all : none;
  return {
    values: squares.slice(0, rank).map(Math.sqrt),
    scaledLeft: project(image, vectors, { width, rank }),
    right: project(right, vectors, { width, rank }),
  };
}

/** The decomposition of a symmetric matrix without negative eigenvalues. */
export interface PositiveEigen {
  /** `[n]`, decreasing. */
  readonly values: Float64Array;
  /** `[n, n]`: **row** i belongs to value i; zeros where the value is 0. */
  readonly vectors: Float64Array;
}

const SWEEPS = 30;
const TOLERANCE = 1e-12;

/**
 * Eigenvalues and eigenvectors of a symmetric positive semidefinite matrix: Jacobi's rotations of its rows alone, until all are orthogonal. Their lengths are
 * the eigenvalues then, and their directions the eigenvectors. Internal.
 *
 * @param matrix row-major float64 `[n, n]`, symmetric; overwritten
 * @param n rows, some hundreds at most
 * @see Golub, Van Loan: "Matrix computations", section 8.6.3
 */
export function positiveEigen(matrix: Float64Array, n: number): PositiveEigen {
  const rows = Array.from({ length: n }, (_, i) => matrix.subarray(i * n, (i + 1) * n));
  const dot = (x: Float64Array, y: Float64Array) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += x[k]! * y[k]!;
    return sum;
  };
  const squares = rows.map((row) => dot(row, row));
  const negligible = 1e-30 * squares.reduce((sum, square) => sum + square, 0);
  for (let sweep = 0, rotated = true; rotated && sweep < SWEEPS; sweep++) {
    rotated = false;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const [x, y] = [rows[p]!, rows[q]!];
        const along = dot(x, y);
        if (Math.abs(along) <= negligible || Math.abs(along) <= TOLERANCE * Math.sqrt(squares[p]! * squares[q]!)) continue;
        rotated = true;
        const theta = (squares[q]! - squares[p]!) / (2 * along);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const [u, v] = [x[k]!, y[k]!];
          x[k] = c * u - s * v;
          y[k] = s * u + c * v;
        }
        squares[p] = Math.max(0, squares[p]! - t * along);
        squares[q]! += t * along;
      }
    for (let i = 0; i < n; i++) squares[i] = dot(rows[i]!, rows[i]!); // without the rounding of the updates
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => squares[j]! - squares[i]!);
  const values = Float64Array.from(order, (i) => Math.sqrt(squares[i]!));
  const vectors = new Float64Array(n * n);
  for (const [i, from] of order.entries())
    if (values[i]! > 0) for (let k = 0; k < n; k++) vectors[i * n + k] = rows[from]![k]! / values[i]!;
  return { values, vectors };
}

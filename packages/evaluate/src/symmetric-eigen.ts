/** The decomposition of a symmetric matrix. */
export interface SymmetricEigen {
  /** `[n]`, decreasing. */
  readonly values: Float64Array;
  /** `[n, n]`: column i belongs to value i. */
  readonly vectors: Float64Array;
}

const SWEEPS = 30;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations. Internal.
 *
 * @param matrix row-major float64 `[n, n]`, symmetric; overwritten
 * @param n rows, some hundreds at most
 * @see Golub, Van Loan: "Matrix computations", section 8.5
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const a = matrix;
  const rows = new Float64Array(n * n); // row i belongs to the value i
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  let total = 0;
  for (const value of a) total += value * value;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let beside = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) beside += 2 * a[p * n + q]! ** 2;
    if (beside <= 1e-28 * total) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const off = a[p * n + q]!;
        if (off === 0) continue;
        const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * off);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        // both rows, then, by symmetry, both columns
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[p * n + k]!, a[q * n + k]!];
          a[p * n + k] = c * x - s * y;
          a[q * n + k] = s * x + c * y;
          const [u, v] = [rows[p * n + k]!, rows[q * n + k]!];
          rows[p * n + k] = c * u - s * v;
          rows[q * n + k] = s * u + c * v;
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[k * n + p]!, a[k * n + q]!];
          a[k * n + p] = c * x - s * y;
          a[k * n + q] = s * x + c * y;
        }
      }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const vectors = new Float64Array(n * n);
  for (const [column, i] of order.entries()) for (let k = 0; k < n; k++) vectors[k * n + column] = rows[i * n + k]!;
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors };
}

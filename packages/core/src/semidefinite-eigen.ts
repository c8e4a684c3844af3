/** Eigenvalues and eigenvectors of a positive semidefinite matrix. */
export interface SemidefiniteEigen {
  /** `[n]`, decreasing, ≥ 0. */
  readonly values: Float64Array;
  /** `[n, n]` row-major: row k is the unit eigenvector of `values[k]`, zeros where that is 0 beside the largest. */
  readonly vectors: Float64Array;
}

/** Sweeps after which rotations of any matrix have long ended; 6 to 10 are usual. */
const SWEEPS = 40;
/** Rows of this part of the largest one, and cosines below it, are rounding. */
const ROUNDING = 1e-14;

/**
 * Diagonalizes a positive semidefinite matrix: its rows are rotated in pairs until all are orthogonal; row k is then λₖ·vₖ.
 *
 * For packages of selfsup: subspaces of features and of embeddings, of some hundreds of rows.
 *
 * @param matrix row-major float64 `[n, n]`, symmetric, no eigenvalue < 0 but by rounding; overwritten
 * @param n rows
 * @returns see {@link SemidefiniteEigen}
 * @see Hestenes: "Inversion of Matrices by Biorthogonalization and Related Results" (one-sided Jacobi); Golub, Van Loan: "Matrix Computations", section 8.6.3
 * @remarks O(n³) a sweep, along rows.
 */
export function semidefiniteEigen(matrix: Float64Array, n: number): SemidefiniteEigen {
  /** The product of two rows. */
  const product = (p: number, q: number) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += matrix[p * n + k]! * matrix[q * n + k]!;
    return sum;
  };
  const squares = new Float64Array(n);
  for (let sweep = 0, rotations = 1; sweep < SWEEPS && rotations > 0; sweep++) {
    rotations = 0;
    for (let i = 0; i < n; i++) squares[i] = product(i, i);
    const floor = ROUNDING ** 2 * Math.max(0, ...squares);
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const along = product(p, q);
        const inP = squares[p]!;
        const inQ = squares[q]!;
        if (along ** 2 <= Math.max(ROUNDING ** 2 * inP * inQ, floor * inP, floor * inQ)) continue;
        rotations++;
        const half = (inQ - inP) / (2 * along);
        const tangent = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.hypot(half, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        const sine = tangent * cosine;
        for (let k = 0; k < n; k++) {
          const x = matrix[p * n + k]!;
          const y = matrix[q * n + k]!;
          matrix[p * n + k] = cosine * x - sine * y;
          matrix[q * n + k] = sine * x + cosine * y;
        }
        squares[p] = Math.max(0, inP - tangent * along);
        squares[q] = inQ + tangent * along;
      }
  }
  const norms = squares.map((_, i) => Math.sqrt(product(i, i)));
  const order = [...norms.keys()].sort((a, b) => norms[b]! - norms[a]! || a - b);
  const least = ROUNDING * n * Math.max(0, ...norms);
  const vectors = new Float64Array(n * n);
  for (const [k, from] of order.entries())
    if (norms[from]! > least) for (let j = 0; j < n; j++) vectors[k * n + j] = matrix[from * n + j]! / norms[from]!;
  return { values: Float64Array.from(order, (i) => norms[i]!), vectors };
}

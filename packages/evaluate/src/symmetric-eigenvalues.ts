/** Reflects a symmetric matrix to tridiagonal form; overwrites it. */
function tridiagonalise(matrix: Float64Array, n: number): { diagonal: Float64Array; beside: Float64Array } {
  const beside = new Float64Array(Math.max(n - 1, 0));
  const [v, w] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n - 1; k++) {
    let squares = 0;
    for (let j = k + 1; j < n; j++) squares += (v[j] = matrix[k * n + j]!) ** 2;
    const length = v[k + 1]! > 0 ? -Math.sqrt(squares) : Math.sqrt(squares); // the sign that cancels nothing
    beside[k] = length;
    v[k + 1]! -= length;
    const norm = 2 * (squares - length * matrix[k * n + k + 1]!); // vᵀv
    if (norm === 0) continue; // the row is zero already
    let along = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += matrix[i * n + j]! * v[j]!;
      w[i] = (2 * sum) / norm;
      along += (v[i]! * w[i]!) / norm;
    }
    for (let i = k + 1; i < n; i++) w[i]! -= along * v[i]!;
    for (let i = k + 1; i < n; i++) for (let j = k + 1; j < n; j++) matrix[i * n + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!), beside };
}

/**
 * The eigenvalues of a symmetric matrix: Householder reflections to tridiagonal form, then bisection by Sturm's count. Internal.
 *
 * @param matrix row-major float64 `[n, n]`, symmetric; overwritten
 * @param n rows
 * @returns the n eigenvalues, increasing, with an error of some 1e-15 of the largest
 * @remarks O(n³) once, along rows; Jacobi's rotations need that for each of some ten sweeps.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const { diagonal, beside } = tridiagonalise(matrix, n);
  const radius = diagonal.reduce((most, d, i) => Math.max(most, Math.abs(d) + Math.abs(beside[i - 1] ?? 0) + Math.abs(beside[i] ?? 0)), 0); // Gershgorin
  const tiny = 1e-300 + 1e-32 * radius;
  /** How many eigenvalues are below x: the negative pivots of the matrix − x. */
  const countBelow = (x: number): number => {
    let [count, pivot] = [0, 1];
    for (let i = 0; i < n; i++) {
      pivot = diagonal[i]! - x - (i > 0 ? beside[i - 1]! ** 2 / pivot : 0);
      if (Math.abs(pivot) < tiny) pivot = -tiny;
      if (pivot < 0) count++;
    }
    return count;
  };
  return Float64Array.from({ length: n }, (_, i) => {
    let [low, high] = [-radius, radius];
    for (let halvings = 0; halvings < 54; halvings++) {
      const middle = (low + high) / 2;
      if (countBelow(middle) > i) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  });
}

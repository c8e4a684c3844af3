/**
 * The eigenvalues of a symmetric matrix by cyclic Jacobi rotations. Internal.
 *
 * @param matrix row-major float64 `[n, n]`, symmetric; overwritten
 * @param n rows
 * @returns the n eigenvalues, in no order
 * @remarks Each rotation sets one pair of off-diagonal elements to 0 and leaves the trace and the sum of squares alone; sweeps end when the off-diagonal
 * part is below 1e-14 of the whole, after some 6 to 12. O(n³) per sweep.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const total = matrix.reduce((sum, x) => sum + x * x, 0);
  const offDiagonal = () => {
    let sum = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) sum += 2 * matrix[p * n + q]! ** 2;
    return sum;
  };
  for (let sweep = 0; sweep < 40 && offDiagonal() > 1e-28 * total; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const apq = matrix[p * n + q]!;
        if (apq * apq <= 1e-34 * total) continue; // nothing that a sum of such elements could show
        const theta = (matrix[q * n + q]! - matrix[p * n + p]!) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1)); // tangent of the smaller angle
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const [x, y] = [matrix[p * n + k]!, matrix[q * n + k]!];
          matrix[p * n + k] = c * x - s * y;
          matrix[q * n + k] = s * x + c * y;
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [matrix[k * n + p]!, matrix[k * n + q]!];
          matrix[k * n + p] = c * x - s * y;
          matrix[k * n + q] = s * x + c * y;
        }
      }
  return Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!);
}

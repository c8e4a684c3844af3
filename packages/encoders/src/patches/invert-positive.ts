import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

const BLOCK = 128;

/** The inverse of a symmetric positive definite matrix by Gauss and Jordan's elimination, in place, float64; false where a pivot is not positive. */
function invertBlock(a: Float64Array, n: number): boolean {
  for (let k = 0; k < n; k++) {
    const pivot = a[k * n + k]!;
    if (!(pivot > 0)) return false;
    a[k * n + k] = 1;
    for (let j = 0; j < n; j++) a[k * n + j]! /= pivot;
    for (let i = 0; i < n; i++) {
      const factor = a[i * n + k]!;
      if (i === k || factor === 0) continue;
      a[i * n + k] = 0;
      for (let j = 0; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
    }
  }
  return true;
}

/**
 * The inverse of a symmetric positive definite matrix whose eigenvalues lie well above the rounding of float32, as those of a damped covariance do: sweeps of
 * blocks of columns (Goodnight, "A tutorial on the SWEEP operator", 1979). Blocks are inverted here in float64; all else are matrix products on the backend.
 *
 * With U = A[:, K] − E_K, where E_K are the unit columns of block K, a sweep is A ← A − U · A[K, K]⁻¹ · Uᵀ; after all of them A is 2I − (the inverse).
 *
 * @param who the function that the error names
 * @param matrix float32 `[n, n]`, of a diagonal about 1; it stays the caller's
 * @returns float32 `[n, n]`, the caller's
 * @throws SelfsupError `SELFSUP_DATA` where the matrix is not positive definite
 */
export async function invertPositive(who: string, matrix: tf.Tensor2D): Promise<tf.Tensor2D> {
  const n = matrix.shape[0];
  let a = tf.clone(matrix);
  try {
    for (let start = 0; start < n; start += BLOCK) {
      const size = Math.min(BLOCK, n - start);
      const block = tf.slice(a, [start, start], [size, size]);
      const pivot = Float64Array.from(
        await block.data().finally(() => {
          block.dispose();
        }),
      );
      if (!invertBlock(pivot, size))
        throw new SelfsupError('SELFSUP_DATA', `${who}: the covariance of the patches must be positive definite; are all images alike?`);
      const units = new Float32Array(n * size);
      for (let k = 0; k < size; k++) units[(start + k) * size + k] = 1;
      const next = tf.tidy(() => {
        const columns = tf.sub(tf.slice(a, [0, start], [n, size]), tf.tensor2d(units, [n, size])); // [n, size]
        const scaled = tf.matMul(columns, tf.tensor2d(Float32Array.from(pivot), [size, size]));
        return tf.sub<tf.Tensor2D>(a, tf.matMul(scaled, columns, false, true));
      });
      a.dispose();
      a = next;
    }
    return tf.tidy(() => tf.sub<tf.Tensor2D>(tf.mul(tf.eye(n), 2), a));
  } finally {
    a.dispose();
  }
}

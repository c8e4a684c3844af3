import * as tf from '@tensorflow/tfjs-core';

/** A part of matrices `[count, n, n]`: rows and columns from, up to. */
const part = (x: tf.Tensor3D, [top, bottom]: readonly [number, number], [left, right]: readonly [number, number]): tf.Tensor3D =>
  tf.slice(x, [0, top, left], [x.shape[0], bottom - top, right - left]);

/**
 * The inverses L⁻¹ of the lower Cholesky factors of symmetric positive definite matrices, A = L·Lᵀ. Internal.
 *
 * @param matrices float32 `[count, n, n]`; the lower triangles count
 * @returns float32 `[count, n, n]`, lower triangular
 * @remarks Halves the matrices down to single numbers, so that nearly all work is products, and every backend and its gradients can do it: L⁻¹ of
 * [[A, ·], [B, C]] is [[P, 0], [−Q·B·Pᵀ·P, Q]] with P of A, and Q of C − B·Pᵀ·(B·Pᵀ)ᵀ.
 */
export function inverseCholesky(matrices: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const [count, n] = matrices.shape;
    if (n === 1) return tf.rsqrt(matrices);
    const half = n >> 1;
    const [first, second] = [
      [0, half],
      [half, n],
    ] as const;
    const p = inverseCholesky(part(matrices, first, first));
    const lower = tf.matMul<tf.Tensor3D>(part(matrices, second, first), p, false, true); // L21 = B·Pᵀ
    const q = inverseCholesky(tf.sub(part(matrices, second, second), tf.matMul<tf.Tensor3D>(lower, lower, false, true)));
    const corner = tf.neg(tf.matMul<tf.Tensor3D>(q, tf.matMul<tf.Tensor3D>(lower, p)));
    const upper = tf.concat<tf.Tensor3D>([p, tf.zeros([count, half, n - half])], 2);
    return tf.concat<tf.Tensor3D>([upper, tf.concat<tf.Tensor3D>([corner, q], 2)], 1);
  });
}

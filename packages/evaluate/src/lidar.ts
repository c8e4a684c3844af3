import { SelfsupError } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { smallerGram } from './smaller-gram.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

/** Options of {@link lidar}. */
export interface LidarOptions {
  /** Added to the diagonal of the covariance within samples; default 1e-4, > 0. */
  delta?: number;
}

const EPSILON = 1e-7;

/** The lower triangle L of a positive definite matrix L·Lᵀ, row-major, in place. */
function cholesky(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!;
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j]!;
    }
}

/**
 * How many directions tell samples apart rather than views of one sample: the effective rank of the matrix of linear discriminant analysis.
 *
 * With Σb the covariance of the samples' means, Σw the mean covariance of the views around them plus δ·I, and λₖ the eigenvalues of Σw^−½ Σb Σw^−½: pₖ = λₖ / Σλ + 1e-7, and
 * exp(−Σ pₖ log pₖ).
 *
 * @param views at least two; float32 `[samples, dim]` each, row i of all of one sample; take more samples than `dim`, the paper has 1,000 samples of 50 views
 * @param options see {@link LidarOptions}
 * @returns from 1 to min(samples − 1, dim), up to rounding; 1 where all samples have one mean
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views or samples, or shapes that differ; `SELFSUP_OPTION` on a delta that is not above 0; `SELFSUP_NON_FINITE`
 * @see Thilak et al.: "LiDAR: Sensing Linear Probing Performance in Joint Embedding SSL Architectures", eq. 1 to 4, https://arxiv.org/abs/2312.04000
 * @remarks Covariances are means over samples and views; their scale matters only beside δ. The eigenvalues are those of L⁻¹ Σb L⁻ᵀ with L·Lᵀ = Σw, which are the same; float64, outside the
 * backend. O(views · samples · dim² + dim³).
 * @example
 * ```ts
 * import { lidar } from '@selfsup/evaluate';
 * const a = { data: Float32Array.of(1, 0, 0, 1, -1, 0), shape: [3, 2] } as const;
 * const b = { data: Float32Array.of(1, 0.1, 0, 0.9, -1, 0.1), shape: [3, 2] } as const;
 * console.log(lidar([a, b])); // 1.13: the first dimension tells the samples apart far better than the second
 * ```
 */
export function lidar(views: readonly FeatureMatrix[], options: LidarOptions = {}): number {
  const { delta = 1e-4 } = options;
  const [first] = views;
  if (!first || views.length < 2) throw new SelfsupError('SELFSUP_SHAPE', `lidar: \`views\` must be two or more, got ${views.length}`);
  const [samples, dim] = first.shape;
  for (const [i, view] of views.entries()) {
    checkFeatures(`lidar: \`views[${i}]\``, view);
    if (view.shape[0] !== samples || view.shape[1] !== dim)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `lidar: \`views[${i}]\` must have shape [${samples}, ${dim}] like the first, got [${view.shape.join(', ')}]`,
      );
  }
  if (samples < 2) throw new SelfsupError('SELFSUP_SHAPE', `lidar: \`views\` must have at least 2 samples, got ${samples}`);
  if (!(delta > 0 && delta < Infinity)) throw new SelfsupError('SELFSUP_OPTION', `lidar: \`delta\` must be finite and > 0, got ${delta}`);
  const means = new Float64Array(samples * dim);
  for (const { data } of views) for (let i = 0; i < means.length; i++) means[i]! += data[i]! / views.length;
  const within = new Float64Array(dim * dim);
  const around = new Float64Array(dim);
  for (const { data } of views)
    for (let row = 0; row < samples; row++) {
      for (let d = 0; d < dim; d++) around[d] = data[row * dim + d]! - means[row * dim + d]!;
      for (let i = 0; i < dim; i++) {
        const factor = around[i]! / (samples * views.length);
        if (factor !== 0) for (let j = 0; j <= i; j++) within[i * dim + j]! += factor * around[j]!;
      }
    }
  for (let i = 0; i < dim; i++) within[i * dim + i]! += delta;
  cholesky(within, dim);
  // rows of L⁻¹ (mean − mean of all), by forward substitution
  for (let d = 0; d < dim; d++) {
    let sum = 0;
    for (let row = 0; row < samples; row++) sum += means[row * dim + d]!;
    for (let row = 0; row < samples; row++) means[row * dim + d]! -= sum / samples;
  }
  for (let row = 0; row < samples; row++)
    for (let i = 0; i < dim; i++) {
      let value = means[row * dim + i]!;
      for (let k = 0; k < i; k++) value -= within[i * dim + k]! * means[row * dim + k]!;
      means[row * dim + i] = value / within[i * dim + i]!;
    }
  const eigenvalues = symmetricEigenvalues(...smallerGram({ data: means, shape: [samples, dim] })).map((value) => Math.max(value, 0));
  const total = eigenvalues.reduce((a, b) => a + b, 0);
  if (total === 0) return 1;
  return Math.exp(-eigenvalues.reduce((entropy, value) => entropy + (value / total + EPSILON) * Math.log(value / total + EPSILON), 0));
}

import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { smallerGram } from './smaller-gram.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

/**
 * The effective rank of features: the exponential of the entropy of their singular values.
 *
 * With pₖ = σₖ / Σσ + 1e-7: exp(−Σ pₖ log pₖ).
 *
 * @param features float32 `[rows, dim]`; take more rows than `dim`, the paper has 25,600
 * @returns from 1, all rows on one line, to min(rows, dim), up to rounding; 1 for rows of zeros
 * @throws SelfsupError `SELFSUP_SHAPE` when the values do not fit the shape; `SELFSUP_NON_FINITE`
 * @see Garrido et al.: "RankMe: Assessing the Downstream Performance of Pretrained Self-Supervised Representations by Their Rank", eq. 1 and 2,
 * https://arxiv.org/abs/2210.02885
 * @remarks As in the paper features are neither centered nor normalized. Singular values are roots of the eigenvalues of the smaller Gram matrix in float64, so
 * those below some 1e-7 of the largest are noise. O(rows · dim · n + n³) with n = min(rows, dim): for 1,000 rows of 512 dimensions about a second.
 * @example
 * ```ts
 * import { rankMe } from '@selfsup/evaluate';
 * console.log(rankMe({ data: Float32Array.of(1, 0, 0, 1, -1, 0), shape: [3, 2] })); // 1.97: two directions, one a little stronger
 * ```
 */
export function rankMe(features: FeatureMatrix): number {
  checkFeatures('rankMe: `features`', features);
  const singular = symmetricEigenvalues(...smallerGram(features)).map((value) => Math.sqrt(Math.max(value, 0)));
  const sum = singular.reduce((a, b) => a + b, 0);
  if (sum === 0) return 1;
  return Math.exp(-singular.reduce((entropy, value) => entropy + (value / sum + 1e-7) * Math.log(value / sum + 1e-7), 0));
}

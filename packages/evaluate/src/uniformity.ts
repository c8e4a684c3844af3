import { SelfsupError } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { unitRows } from './unit-rows.ts';

/** Options of {@link uniformity}. */
export interface UniformityOptions {
  /** The sharpness of the Gaussian potential, > 0; default 2. */
  t?: number;
}

/**
 * How evenly features cover the unit sphere: the logarithm of the mean Gaussian potential exp(−t · ‖x − y‖²) over pairs of rows.
 *
 * @param features float32 `[rows, dim]`, at least 2 rows; rows are normalized inside
 * @param options see {@link UniformityOptions}
 * @returns in [−4t, 0]: 0 when all rows are one, about −2t (−4 by default) or a little more for rows spread evenly in many dimensions
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than 2 rows or values that do not fit the shape; `SELFSUP_NON_FINITE`; `SELFSUP_OPTION` on a bad t
 * @see Wang, Isola: "Understanding Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere", eq. 2,
 * https://arxiv.org/abs/2005.10242
 * @remarks Over all pairs of different rows: O(rows² · dim), so take some thousand rows.
 * @example
 * ```ts
 * import { uniformity } from '@selfsup/evaluate';
 * console.log(uniformity({ data: Float32Array.of(1, 0, -1, 0), shape: [2, 2] })); // -8: two opposite points
 * ```
 */
export function uniformity(features: FeatureMatrix, options: UniformityOptions = {}): number {
  const { t = 2 } = options;
  checkFeatures('uniformity: `features`', features);
  const [rows, dim] = features.shape;
  if (rows < 2) throw new SelfsupError('SELFSUP_SHAPE', `uniformity: \`features\` must have at least 2 rows, got shape [${rows}, ${dim}]`);
  if (!(t > 0 && t < Infinity)) throw new SelfsupError('SELFSUP_OPTION', `uniformity: \`t\` must be a finite number > 0, got ${t}`);
  const unit = unitRows(features);
  let total = 0;
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < i; k++) {
      let squares = 0;
      for (let j = 0; j < dim; j++) squares += (unit[i * dim + j]! - unit[k * dim + j]!) ** 2;
      total += Math.exp(-t * squares);
    }
  return Math.log(total / ((rows * (rows - 1)) / 2));
}

import { SelfsupError } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { unitRows } from './unit-rows.ts';

/** Options of {@link featureStd}. */
export interface FeatureStdOptions {
  /** Whether rows are divided by their lengths first; default true. */
  normalize?: boolean;
}

/**
 * The mean over dimensions of the standard deviation over rows: an indicator of complete collapse.
 *
 * @param features float32 `[rows, dim]`, at least 2 rows
 * @param options see {@link FeatureStdOptions}
 * @returns of unit rows about 1/√dim when they are spread over the sphere, 0 when all are one
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than 2 rows or values that do not fit the shape; `SELFSUP_NON_FINITE`
 * @see Chen, He: "Exploring Simple Siamese Representation Learning", figure 2, https://arxiv.org/abs/2011.10566
 * @remarks The unbiased deviation (rows − 1), in float64. Dimensions that all say the same keep their deviation: see `rankMe` for those.
 * @example
 * ```ts
 * import { featureStd } from '@selfsup/evaluate';
 * console.log(featureStd({ data: Float32Array.of(1, 0, 2, 0), shape: [2, 2] })); // 0: collapsed
 * ```
 */
export function featureStd(features: FeatureMatrix, options: FeatureStdOptions = {}): number {
  const { normalize = true } = options;
  checkFeatures('featureStd: `features`', features);
  const [rows, dim] = features.shape;
  if (rows < 2) throw new SelfsupError('SELFSUP_SHAPE', `featureStd: \`features\` must have at least 2 rows, got shape [${rows}, ${dim}]`);
  const values = normalize ? unitRows(features) : Float64Array.from(features.data);
  let total = 0;
  for (let j = 0; j < dim; j++) {
    let [mean, squares] = [0, 0];
    for (let i = 0; i < rows; i++) mean += values[i * dim + j]! / rows;
    for (let i = 0; i < rows; i++) squares += (values[i * dim + j]! - mean) ** 2;
    total += Math.sqrt(squares / (rows - 1));
  }
  return total / dim;
}

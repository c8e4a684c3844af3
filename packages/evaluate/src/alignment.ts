import { SelfsupError } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { unitRows } from './unit-rows.ts';

/** Options of {@link alignment}. */
export interface AlignmentOptions {
  /** The power of the distance, > 0; default 2. */
  alpha?: number;
}

/**
 * How far views of one image lie apart on the unit sphere: the mean of ‖a − b‖^alpha over pairs.
 *
 * @param a float32 `[rows, dim]`, features of one view; rows are normalized inside
 * @param b of the shape of `a`, features of another view; row i of both comes from image i
 * @param options see {@link AlignmentOptions}
 * @returns ≥ 0: 0 when views agree, also when everything has collapsed; about 2 for unrelated rows and `alpha` 2
 * @throws SelfsupError `SELFSUP_SHAPE` on unequal shapes or values that do not fit them; `SELFSUP_NON_FINITE`; `SELFSUP_OPTION` on a bad alpha
 * @see Wang, Isola: "Understanding Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere", eq. 1,
 * https://arxiv.org/abs/2005.10242
 * @example
 * ```ts
 * import { alignment } from '@selfsup/evaluate';
 * const [a, b] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
 * console.log(alignment({ data: a, shape: [1, 2] }, { data: b, shape: [1, 2] })); // 2: a right angle
 * ```
 */
export function alignment(a: FeatureMatrix, b: FeatureMatrix, options: AlignmentOptions = {}): number {
  const { alpha = 2 } = options;
  checkFeatures('alignment: `a`', a);
  checkFeatures('alignment: `b`', b);
  const [rows, dim] = a.shape;
  if (b.shape[0] !== rows || b.shape[1] !== dim)
    throw new SelfsupError('SELFSUP_SHAPE', `alignment: \`b\` must have shape [${rows}, ${dim}] like \`a\`, got [${b.shape.join(', ')}]`);
  if (!(alpha > 0 && alpha < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `alignment: \`alpha\` must be a finite number > 0, got ${alpha}`);
  const [left, right] = [unitRows(a), unitRows(b)];
  let total = 0;
  for (let i = 0; i < rows; i++) {
    let squares = 0;
    for (let j = i * dim; j < (i + 1) * dim; j++) squares += (left[j]! - right[j]!) ** 2;
    total += squares ** (alpha / 2);
  }
  return total / rows;
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkViews } from './check-views.ts';
import { eppsPulley } from './epps-pulley.ts';

/** Options of {@link sigReg}. */
export interface SigRegOptions {
  /** float32 `[dim, numSlices]`: the directions along which the rows are looked at, unit columns; draw them anew in each step. */
  directions: tf.Tensor2D;
  /** The characteristic functions are compared on [−tMax, tMax]; > 0, default 3 as in the authors' code; 5 in their paper. */
  tMax?: number;
  /** Points of [0, tMax] at which they are, ≥ 2; default 17. */
  numPoints?: number;
}

/** Throws unless the directions fit. Internal. */
export function checkDirections(who: string, directions: tf.Tensor2D, dim: number): void {
  if (directions.rank !== 2 || directions.shape[0] !== dim || directions.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`directions\` must have shape [${dim}, numSlices >= 1], got [${directions.shape.join(', ')}]`,
    );
}

/**
 * SIGReg: how far the rows of each view are from an isotropic standard Gaussian, along random directions.
 *
 * The mean over views and directions a of n · ∫ |φₐ(t) − exp(−t²/2)|² exp(−t²/2) dt over [−tMax, tMax], by the trapezoidal rule, where φₐ(t) is the mean over rows
 * of exp(i·t·⟨a, z⟩): the statistic of Epps and Pulley.
 *
 * @param views one or more float32 `[n, dim]`, not normalized
 * @param options see {@link SigRegOptions}
 * @returns float32 scalar ≥ 0
 * @throws SelfsupError `SELFSUP_SHAPE` on unequal shapes or directions that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an option out of range
 * @see Balestriero, LeCun: "LeJEPA: Provable and Scalable Self-Supervised Learning Without the Heuristics", section 4, https://arxiv.org/abs/2511.08544
 * @remarks Each view is a sample of its own, as in the authors' code and lightly. The paper's 17 points on [−5, 5] are `tMax` 5 and `numPoints` 9.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { sigReg } from '@selfsup/losses';
 * const directions = tf.tensor2d([[1], [0]]);
 * sigReg([tf.zeros([8, 2])], { directions }).print(); // large: all rows are one
 * sigReg([tf.randomNormal([8, 2])], { directions }).print(); // about 1
 * ```
 */
export function sigReg(views: readonly tf.Tensor2D[], options: SigRegOptions): tf.Scalar {
  const { directions, tMax = 3, numPoints = 17 } = options;
  checkViews('sigReg', views, { least: 1 });
  checkDirections('sigReg', directions, views[0]!.shape[1]);
  if (!(tMax > 0 && tMax < Infinity)) throw new SelfsupError('SELFSUP_OPTION', `sigReg: \`tMax\` must be a finite number > 0, got ${tMax}`);
  if (!Number.isSafeInteger(numPoints) || numPoints < 2)
    throw new SelfsupError('SELFSUP_OPTION', `sigReg: \`numPoints\` must be an integer >= 2, got ${numPoints}`);
  return tf.tidy(() => {
    const sums = views.map((view) => eppsPulley(tf.matMul(view, directions), { tMax, numPoints }));
    return tf.div<tf.Scalar>(tf.addN(sums), views.length * directions.shape[1]);
  });
}

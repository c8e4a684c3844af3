import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkViews } from './check-views.ts';
import { sigReg, type SigRegOptions } from './sig-reg.ts';

/** Options of {@link lejepaLoss}. */
export interface LejepaLossOptions extends SigRegOptions {
  /** How many of the views, the first ones, make the center that all are drawn to; ≥ 1, default 2. */
  numGlobal?: number;
  /** The weight λ of the regularizer, in [0, 1]; the agreement has 1 − λ. Default 0.05. */
  regularizationWeight?: number;
}

/** The mean squared distance of all views from the mean of the first ones. Internal. */
export function distanceFromCenter(views: readonly tf.Tensor2D[], numGlobal: number): tf.Scalar {
  return tf.tidy(() => {
    const center = tf.mean(tf.stack(views.slice(0, numGlobal)), 0); // [n, dim]
    return tf.mean<tf.Scalar>(tf.square(tf.sub(tf.stack([...views]), center))); // the gradient of squaredDifference does not broadcast
  });
}

/** Throws unless the number of global views fits. Internal. */
export function checkNumGlobal(who: string, numGlobal: number, numViews: number): void {
  if (!Number.isSafeInteger(numGlobal) || numGlobal < 1 || numGlobal > numViews)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`numGlobal\` must be an integer from 1 to ${numViews}, the number of views, got ${numGlobal}`,
    );
}

/**
 * LeJEPA's loss: all views of an image are drawn to the center of its global ones, and {@link sigReg} keeps each view's rows an isotropic Gaussian.
 *
 * (1 − λ) · mean over views, rows and columns of (z − mean of the global views' z)² + λ · sigReg
 *
 * @param views two or more float32 `[n, dim]`, not normalized, the global ones first; row i of each comes from image i
 * @param options see {@link LejepaLossOptions}
 * @returns float32 scalar ≥ 0
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views, unequal shapes or directions that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on
 * an option out of range
 * @see Balestriero, LeCun: "LeJEPA", eq. 4 and algorithm 2, https://arxiv.org/abs/2511.08544
 * @remarks No stop-gradient, teacher or schedule. As in the authors' code the center has a gradient, and global views count among all.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { lejepaLoss } from '@selfsup/losses';
 * const views = [tf.randomNormal<tf.Rank.R2>([8, 2]), tf.randomNormal<tf.Rank.R2>([8, 2])];
 * lejepaLoss(views, { directions: tf.tensor2d([[1, 0], [0, 1]]) }).print();
 * ```
 */
export function lejepaLoss(views: readonly tf.Tensor2D[], options: LejepaLossOptions): tf.Scalar {
  const { numGlobal = 2, regularizationWeight = 0.05, ...sketch } = options;
  checkViews('lejepaLoss', views);
  checkNumGlobal('lejepaLoss', numGlobal, views.length);
  if (!(regularizationWeight >= 0 && regularizationWeight <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `lejepaLoss: \`regularizationWeight\` must be in [0, 1], got ${regularizationWeight}`);
  return tf.tidy(() =>
    tf.add<tf.Scalar>(
      tf.mul(distanceFromCenter(views, numGlobal), 1 - regularizationWeight),
      tf.mul(sigReg(views, sketch), regularizationWeight),
    ),
  );
}

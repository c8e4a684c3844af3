import { adamTransform } from './adam-transform.ts';
import type { GradientTransform } from './gradient-transform.ts';

/** Options of {@link scaleByAdam}. */
export interface ScaleByAdamOptions {
  /** The weight of the old first moment, in [0, 1); default 0.9. */
  beta1?: number;
  /** The weight of the old second moment, in [0, 1); default 0.999. */
  beta2?: number;
  /** Added to the root of the corrected second moment, > 0; default 1e-8. */
  epsilon?: number;
  /** Whether the moments are corrected for their start at 0; default true. BERT's optimizer does not: its warm-up takes the place of the correction. */
  biasCorrection?: boolean;
}

/**
 * Adam's direction: m̂/(√v̂ + epsilon) with m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², both corrected for their start at 0.
 *
 * @param options see {@link ScaleByAdamOptions}
 * @returns the transform; slots `firstMoment`, `secondMoment` and the counter `count`, one per variable
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @see Kingma, Ba: "Adam", Algorithm 1, https://arxiv.org/abs/1412.6980
 * @remarks The bias correction counts the updates of each variable, as PyTorch does: a variable that was frozen at first gets the full correction later.
 */
export function scaleByAdam(options: ScaleByAdamOptions = {}): GradientTransform {
  return adamTransform('scaleByAdam', options, () => () => ({ learningRate: -1 })); // −(−1) · direction
}

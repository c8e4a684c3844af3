import { adamWUpdate, type AdamWUpdateOptions } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { mapUpdates, withSlots } from './build-transform.ts';
import { assertRange } from './checked-number.ts';
import type { GradientTransform, UpdateContext } from './gradient-transform.ts';

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

/** The rate and the decay of one variable at a step. */
type Rule = (context: UpdateContext) => (path: string, variable: tf.Variable) => Pick<AdamWUpdateOptions, 'learningRate' | 'weightDecay'>;

/** Adam's slots and its step in one operation, under the name `scaleByAdam` in checkpoints. `who` is named in errors. Internal. */
export function adamTransform(who: string, options: ScaleByAdamOptions, rule: Rule): GradientTransform {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, biasCorrection = true } = options;
  assertRange(`${who}: \`beta1\``, beta1, { min: 0, max: 1 });
  assertRange(`${who}: \`beta2\``, beta2, { min: 0, max: 1 });
  assertRange(`${who}: \`epsilon\``, epsilon, {});
  return withSlots('scaleByAdam', {
    slots: ['firstMoment', 'secondMoment'],
    counts: true,
    update(updates, context, { slot, counter }) {
      const at = rule(context);
      return mapUpdates(updates, (gradient, path) => {
        const count = ++counter(path).value;
        const [firstMoment, secondMoment] = [slot('firstMoment', path), slot('secondMoment', path)];
        const variable = context.variables[path]!;
        const numbers = { beta1, beta2, epsilon, count: biasCorrection ? count : 0, ...at(path, variable) };
        const after = adamWUpdate({ gradient, firstMoment, secondMoment, variable }, numbers);
        firstMoment.assign(after.firstMoment);
        secondMoment.assign(after.secondMoment);
        return after.update;
      });
    },
  });
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

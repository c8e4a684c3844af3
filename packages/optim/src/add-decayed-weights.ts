import type { ScalarOrSchedule } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { mapUpdates, withoutSlots } from './build-transform.ts';
import { valueInForce } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';
import type { VariableMask } from './variable-mask.ts';

/** Options of {@link addDecayedWeights}. */
export interface AddDecayedWeightsOptions {
  /** The weight of the variable in the update, ≥ 0, or a schedule over optimizer updates done so far. */
  weightDecay: ScalarOrSchedule;
  /** Which variables decay; default all of them, usually {@link noDecayOnNorms}. */
  mask?: VariableMask;
}

/**
 * Adds weightDecay · variable to the update: L2 regularization before the momentum, decoupled weight decay after Adam's scaling.
 *
 * @param options see {@link AddDecayedWeightsOptions}
 * @returns the transform, without slots
 * @throws SelfsupError `SELFSUP_OPTION` when `weightDecay` is negative or not finite; for a schedule at the step where it is
 * @see Loshchilov, Hutter: "Decoupled Weight Decay Regularization", https://arxiv.org/abs/1711.05101
 */
export function addDecayedWeights(options: AddDecayedWeightsOptions): GradientTransform {
  const { weightDecay, mask = () => true } = options;
  const decayAt = valueInForce('addDecayedWeights: `weightDecay`', weightDecay);
  return withoutSlots('addDecayedWeights', (updates, { step, variables }) => {
    const decay = decayAt(step);
    if (decay === 0) return updates;
    const weight = tf.scalar(decay);
    return mapUpdates(updates, (update, path) => {
      const variable = variables[path]!;
      return mask(path, variable) ? tf.add(update, tf.mul(variable, weight)) : update;
    });
  });
}

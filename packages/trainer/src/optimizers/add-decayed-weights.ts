import * as tf from '@tensorflow/tfjs-core';
import { assertRange, withoutSlots, type GradientTransform } from './gradient-transform.ts';
import { mapUpdates } from './map-updates.ts';

/** Says which variables a rule is for. */
export type VariableMask = (path: string, variable: tf.Variable) => boolean;

/** Options of {@link addDecayedWeights}. */
export interface AddDecayedWeightsOptions {
  /** The weight of the variable in the update, ≥ 0. */
  weightDecay: number;
  /** Which variables decay; default all of them. `(path, variable) => variable.rank > 1` spares biases and normalisation. */
  mask?: VariableMask;
}

/**
 * Adds weightDecay · variable to the update: L2 regularisation before the momentum, decoupled weight decay after Adam's scaling.
 *
 * @param options see {@link AddDecayedWeightsOptions}
 * @returns the transform, without slots
 * @throws SelfsupError `SELFSUP_OPTION` when `weightDecay` is negative
 * @see Loshchilov, Hutter: "Decoupled Weight Decay Regularization", https://arxiv.org/abs/1711.05101
 */
export function addDecayedWeights(options: AddDecayedWeightsOptions): GradientTransform {
  const { weightDecay, mask = () => true } = options;
  assertRange('addDecayedWeights: `weightDecay`', weightDecay, { min: 0 });
  return withoutSlots('addDecayedWeights', (updates, { variables }) => {
    if (weightDecay === 0) return updates;
    const weight = tf.scalar(weightDecay);
    return mapUpdates(updates, (update, path) => {
      const variable = variables[path]!;
      return mask(path, variable) ? tf.add(update, tf.mul(variable, weight)) : update;
    });
  });
}

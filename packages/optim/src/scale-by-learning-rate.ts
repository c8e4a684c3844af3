import * as tf from '@tensorflow/tfjs-core';
import type { ScalarOrSchedule } from '@selfsup/core';
import { mapUpdates, withoutSlots } from './build-transform.ts';
import { valueInForce } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';

/**
 * Multiplies updates by −learningRate, which makes them steps downhill; the last link of a chain.
 *
 * @param learningRate a number ≥ 0 or a schedule over optimizer updates done so far
 * @returns the transform, without slots
 * @throws SelfsupError `SELFSUP_OPTION` when the rate is negative or not finite; for a schedule at the step where it is
 */
export function scaleByLearningRate(learningRate: ScalarOrSchedule): GradientTransform {
  const rateAt = valueInForce('scaleByLearningRate: `learningRate`', learningRate);
  return withoutSlots('scaleByLearningRate', (updates, { step }) => {
    const factor = tf.scalar(-rateAt(step));
    return mapUpdates(updates, (update) => tf.mul(update, factor));
  });
}

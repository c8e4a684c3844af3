import { emaUpdate, SelfsupError, valueAt, type ScalarOrSchedule } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { withSlots } from './build-transform.ts';
import { chain } from './chain.ts';
import type { GradientTransform } from './gradient-transform.ts';

/** The name of the transform in checkpoints. Internal. */
export const AVERAGE_WEIGHTS = 'averageWeights';

/** Options of {@link averageWeights}. */
export interface AverageWeightsOptions {
  /**
   * The weight of the old average, in [0, 1], or a schedule over optimizer updates done so far; 0.999 to 0.9999 for long runs. A short run needs less, or
   * one that rises: `(step) => Math.min(0.9999, (1 + step) / (10 + step))`.
   */
  momentum: ScalarOrSchedule;
}

/**
 * Keeps an exponential moving average of the weights that an optimizer trains, for evaluation; see {@link withAveragedWeights}.
 *
 * @param optimizer the whole optimizer: its updates are those that are added to the variables
 * @param options see {@link AverageWeightsOptions}
 * @returns the optimizer; it trains as before and has one slot more, `averageWeights/average/<path>`, which checkpoints hold like any other
 * @throws SelfsupError `SELFSUP_OPTION` when `momentum` is outside [0, 1]; for a schedule at the step where it is
 * @see Polyak, Juditsky: "Acceleration of stochastic approximation by averaging", 1992; Tarvainen, Valpola: "Mean teachers are better role models",
 * https://arxiv.org/abs/1703.01780
 * @remarks After each update: average ← momentum · average + (1 − momentum) · variable. The average of a variable starts from its value at its first update,
 * not when the optimizer is made, so that weights may be loaded in between. It goes on where the variable is not updated for a while. Running statistics of
 * normalization are no part of it.
 * @example
 * ```ts
 * import { adamW, averageWeights } from '@selfsup/optim';
 * const optimizer = averageWeights(adamW({ learningRate: 1e-3 }), { momentum: 0.999 });
 * ```
 */
export function averageWeights(optimizer: GradientTransform, options: AverageWeightsOptions): GradientTransform {
  const momentumAt = (step: number) => {
    const momentum = valueAt(options.momentum, step);
    if (!(momentum >= 0 && momentum <= 1))
      throw new SelfsupError('SELFSUP_OPTION', `averageWeights: \`momentum\` must be in [0, 1], got ${momentum} at step ${step}`);
    return momentum;
  };
  if (typeof options.momentum === 'number') momentumAt(0);
  const averaging = withSlots(AVERAGE_WEIGHTS, {
    slots: ['average'],
    counts: true,
    update(updates, { step, variables }, { slot, counter }) {
      const momentum = momentumAt(step);
      for (const [path, update] of Object.entries(updates)) {
        const [average, count, variable] = [slot('average', path), counter(path), variables[path]!];
        if (update === null && count.value === 0) continue; // has not begun to move
        tf.tidy(() => {
          const fresh = update === null ? variable : tf.add(variable, update);
          average.assign(emaUpdate<tf.Tensor>(count.value === 0 ? variable : average, fresh, momentum));
        });
        count.value++;
      }
      return updates;
    },
  });
  return chain(optimizer, averaging);
}

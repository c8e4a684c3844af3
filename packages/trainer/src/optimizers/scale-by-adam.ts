import * as tf from '@tensorflow/tfjs-core';
import { assertRange, type Counter, type GradientTransform } from './gradient-transform.ts';
import { disposeSlots, makeSlots } from './make-slots.ts';
import { mapUpdates } from './map-updates.ts';

/** Options of {@link scaleByAdam}. */
export interface ScaleByAdamOptions {
  /** The weight of the old first moment, in [0, 1); default 0.9. */
  beta1?: number;
  /** The weight of the old second moment, in [0, 1); default 0.999. */
  beta2?: number;
  /** Added to the root of the corrected second moment, > 0; default 1e-8. */
  epsilon?: number;
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
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  assertRange('scaleByAdam: `beta1`', beta1, { min: 0, max: 1 });
  assertRange('scaleByAdam: `beta2`', beta2, { min: 0, max: 1 });
  assertRange('scaleByAdam: `epsilon`', epsilon, { min: Number.MIN_VALUE });
  return {
    name: 'scaleByAdam',
    init(variables) {
      const first = makeSlots('firstMoment', variables);
      const second = makeSlots('secondMoment', variables);
      const counters: Record<string, Counter> = Object.fromEntries(
        Object.keys(variables).map((path) => [`count/${path}`, { value: 0 }] as const),
      );
      return {
        variables: { ...first, ...second },
        counters,
        update(updates) {
          const [old1, new1, old2, new2] = [beta1, 1 - beta1, beta2, 1 - beta2].map((weight) => tf.scalar(weight)) as [
            tf.Scalar,
            tf.Scalar,
            tf.Scalar,
            tf.Scalar,
          ];
          return mapUpdates(updates, (gradient, path) => {
            const count = ++counters[`count/${path}`]!.value;
            const [slot1, slot2] = [first[`firstMoment/${path}`]!, second[`secondMoment/${path}`]!];
            const moment1 = tf.add(tf.mul(slot1, old1), tf.mul(gradient, new1));
            const moment2 = tf.add(tf.mul(slot2, old2), tf.mul(tf.square(gradient), new2));
            slot1.assign(moment1);
            slot2.assign(moment2);
            // m̂/(√v̂ + ε) = m · s / (√v + ε · r) with r = √(1 − β₂ᵗ), s = r/(1 − β₁ᵗ): two operations fewer per variable
            const root = Math.sqrt(1 - beta2 ** count);
            return tf.div(tf.mul(moment1, root / (1 - beta1 ** count)), tf.add(tf.sqrt(moment2), epsilon * root));
          });
        },
        dispose() {
          disposeSlots(first);
          disposeSlots(second);
        },
      };
    },
  };
}

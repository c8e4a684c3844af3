import * as tf from '@tensorflow/tfjs-core';
import { mapUpdates, withSlots } from './build-transform.ts';
import { assertRange } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';

/** Options of {@link trace}. */
export interface TraceOptions {
  /** The weight of the old trace, in [0, 1). */
  momentum: number;
  /** True: looks one step ahead (Nesterov); default false. */
  nesterov?: boolean;
}

/**
 * Momentum: v ← momentum · v + g; the update is v, or g + momentum · v with Nesterov.
 *
 * @param options see {@link TraceOptions}
 * @returns the transform; slot `velocity`, which starts at 0
 * @throws SelfsupError `SELFSUP_OPTION` when `momentum` is outside [0, 1)
 * @see Sutskever et al.: "On the importance of initialization and momentum in deep learning", ICML 2013
 * @remarks PyTorch's convention (dampening 0): the learning rate is applied after the trace, so a change of rate acts at once.
 */
export function trace(options: TraceOptions): GradientTransform {
  const { momentum, nesterov = false } = options;
  assertRange('trace: `momentum`', momentum, { min: 0, max: 1 });
  return withSlots('trace', {
    slots: ['velocity'],
    update(updates, _context, { slot }) {
      const weight = tf.scalar(momentum);
      return mapUpdates(updates, (gradient, path) => {
        const old = slot('velocity', path);
        const velocity = tf.add(tf.mul(old, weight), gradient);
        old.assign(velocity);
        return nesterov ? tf.add(gradient, tf.mul(velocity, weight)) : velocity;
      });
    },
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { mapUpdates, withoutSlots } from './build-transform.ts';
import { assertRange } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';

/**
 * Shrinks all gradients together so that the norm over all of them is at most `maxNorm`.
 *
 * @param maxNorm > 0
 * @returns the transform, without slots
 * @throws SelfsupError `SELFSUP_OPTION` when `maxNorm` is not positive
 * @see Pascanu et al.: "On the difficulty of training recurrent neural networks", Algorithm 1, https://arxiv.org/abs/1211.5063
 * @remarks The factor is min(1, maxNorm/(norm + 1e-6)), as PyTorch's `clip_grad_norm_` has it.
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransform {
  assertRange('clipByGlobalNorm: `maxNorm`', maxNorm, {});
  return withoutSlots('clipByGlobalNorm', (updates) => {
    const alive = Object.values(updates).filter((update) => update !== null);
    if (alive.length === 0) return updates;
    const factor = tf.tidy(() => {
      const norm = tf.sqrt(tf.addN(alive.map((update) => tf.sum(tf.square(update)))));
      return tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
    });
    return mapUpdates(updates, (update) => tf.mul(update, factor));
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { mapUpdates, withoutSlots } from './build-transform.ts';
import { assertRange } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';

/**
 * Shrinks the gradient of each variable on its own so that its norm is at most `maxNorm`.
 *
 * @param maxNorm > 0
 * @returns the transform, without slots
 * @throws SelfsupError `SELFSUP_OPTION` when `maxNorm` is not positive
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", the authors' code, https://arxiv.org/abs/2104.14294: 3.0 per parameter
 * @remarks The factor is min(1, maxNorm/(norm + 1e-6)), as PyTorch's `clip_grad_norm_` has it for one parameter.
 * @example
 * ```ts
 * import { adamW, chain, clipByNorm, noDecayOnNorms } from '@selfsup/optim';
 * const optimizer = chain(clipByNorm(3), adamW({ learningRate: 5e-4, weightDecay: 0.04, mask: noDecayOnNorms }));
 * ```
 */
export function clipByNorm(maxNorm: number): GradientTransform {
  assertRange('clipByNorm: `maxNorm`', maxNorm, {});
  return withoutSlots('clipByNorm', (updates) =>
    mapUpdates(updates, (update) => {
      const norm = tf.sqrt(tf.sum(tf.square(update)));
      return tf.mul(update, tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1));
    }),
  );
}

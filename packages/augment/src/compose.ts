import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';

/**
 * Chains augmentations: each one changes what the one before made, with randomness of its own.
 *
 * @param augmentations in the order in which they act; an empty list copies the images
 * @returns an {@link Augmentation}; the i-th of the list gets `rng.fold(i)`
 * @throws SelfsupError what the augmentations throw
 * @example
 * ```ts
 * import { colorJitter, compose, randomResizedCrop } from '@selfsup/augment';
 * const augment = compose([randomResizedCrop({ size: 32, flipProbability: 0.5 }), colorJitter({ brightness: 0.4, contrast: 0.4 })]);
 * ```
 */
export function compose(augmentations: readonly Augmentation[]): Augmentation {
  const list = [...augmentations];
  return (images, rng) =>
    tf.tidy(() =>
      list.reduce((changed, augment, i) => {
        const next = augment(changed, rng.fold(i));
        if (next !== changed) changed.dispose(); // frees memory before the next one asks for it
        return next;
      }, tf.clone(images)),
    );
}

import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { checkBits, posterize } from './posterize.ts';

/** Options of {@link randomPosterize}. */
export interface RandomPosterizeOptions {
  /** How many bits of each byte are kept; default 4, an integer from 0 to 8. */
  bits?: number;
  /** Probability of changing an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Leaves each image fewer levels of brightness with a probability.
 *
 * @param options see {@link RandomPosterizeOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link posterize}
 * @example
 * ```ts
 * import { randomPosterize } from '@selfsup/augment';
 * const augment = randomPosterize({ bits: 3, probability: 0.2 });
 * ```
 */
export function randomPosterize(options: RandomPosterizeOptions = {}): Augmentation {
  const { bits = 4, probability = 0.5 } = options;
  checkBits('randomPosterize', bits);
  checkProbability('randomPosterize', 'probability', probability);
  return (images, rng) => {
    checkImages('randomPosterize', images);
    const chosen = drawChosen(rng.fold('chosen'), images.shape[0], probability);
    return posterize(
      images,
      chosen.map((one) => (one ? bits : undefined)),
    );
  };
}

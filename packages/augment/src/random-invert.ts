import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { invert } from './invert.ts';

/** Options of {@link randomInvert}. */
export interface RandomInvertOptions {
  /** Probability of changing an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Makes each image its negative with a probability.
 *
 * @param options see {@link RandomInvertOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on a probability outside [0, 1]; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link invert}
 * @example
 * ```ts
 * import { randomInvert } from '@selfsup/augment';
 * const augment = randomInvert({ probability: 0.2 });
 * ```
 */
export function randomInvert(options: RandomInvertOptions = {}): Augmentation {
  const { probability = 0.5 } = options;
  checkProbability('randomInvert', 'probability', probability);
  return (images, rng) => {
    checkImages('randomInvert', images);
    return invert(images, drawChosen(rng.fold('chosen'), images.shape[0], probability));
  };
}

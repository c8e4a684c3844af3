import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { verticalFlip } from './vertical-flip.ts';

/** Options of {@link randomVerticalFlip}. */
export interface RandomVerticalFlipOptions {
  /** Probability of changing an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Mirrors each image upside down with a probability.
 *
 * @param options see {@link RandomVerticalFlipOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on a probability outside [0, 1]; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link verticalFlip}
 * @example
 * ```ts
 * import { randomVerticalFlip } from '@selfsup/augment';
 * const augment = randomVerticalFlip({ probability: 0.2 });
 * ```
 */
export function randomVerticalFlip(options: RandomVerticalFlipOptions = {}): Augmentation {
  const { probability = 0.5 } = options;
  checkProbability('randomVerticalFlip', 'probability', probability);
  return (images, rng) => {
    checkImages('randomVerticalFlip', images);
    return verticalFlip(images, drawChosen(rng.fold('chosen'), images.shape[0], probability));
  };
}

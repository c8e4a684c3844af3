import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { grayscale } from './grayscale.ts';

/** Options of {@link randomGrayscale}. */
export interface RandomGrayscaleOptions {
  /** Probability of making an image gray; default 0.2, in [0, 1]. */
  probability?: number;
}

/**
 * Makes each image gray with a probability, keeping its three channels.
 *
 * @param options see {@link RandomGrayscaleOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]`; images that have not three channels stay as they are
 * @throws SelfsupError `SELFSUP_OPTION` on a probability outside [0, 1]; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link grayscale}
 * @example
 * ```ts
 * import { randomGrayscale } from '@selfsup/augment';
 * const gray = randomGrayscale({ probability: 0.2 });
 * ```
 */
export function randomGrayscale(options: RandomGrayscaleOptions = {}): Augmentation {
  const { probability = 0.2 } = options;
  checkProbability('randomGrayscale', 'probability', probability);
  return (images, rng) => {
    checkImages('randomGrayscale', images);
    return grayscale(images, drawChosen(rng.fold('chosen'), images.shape[0], probability));
  };
}

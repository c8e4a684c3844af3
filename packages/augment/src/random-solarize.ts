import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { checkThreshold, solarize, type SolarizeOptions } from './solarize.ts';

/** Options of {@link randomSolarize}. */
export interface RandomSolarizeOptions extends SolarizeOptions {
  /** Probability of solarising an image; default 0.2, in [0, 1]. */
  probability?: number;
}

/**
 * Inverts the bright pixels of each image with a probability.
 *
 * @param options see {@link RandomSolarizeOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on a probability outside [0, 1] or a threshold that is not finite; the augmentation `SELFSUP_SHAPE` and
 * `SELFSUP_DTYPE` as {@link solarize}
 * @see Grill et al.: "Bootstrap Your Own Latent", appendix B, https://arxiv.org/abs/2006.07733
 * @example
 * ```ts
 * import { randomSolarize } from '@selfsup/augment';
 * const invert = randomSolarize({ probability: 0.2 });
 * ```
 */
export function randomSolarize(options: RandomSolarizeOptions = {}): Augmentation {
  const { probability = 0.2, threshold = 0.5 } = options;
  checkProbability('randomSolarize', 'probability', probability);
  checkThreshold('randomSolarize', threshold);
  return (images, rng) => {
    checkImages('randomSolarize', images);
    return solarize(images, drawChosen(rng.fold('chosen'), images.shape[0], probability), { threshold });
  };
}

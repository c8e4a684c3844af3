import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { equalize } from './equalize.ts';

/** Options of {@link randomEqualize}. */
export interface RandomEqualizeOptions {
  /** Probability of changing an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Equalizes the histograms of each image with a probability.
 *
 * @param options see {@link RandomEqualizeOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on a probability outside [0, 1]; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link equalize}
 * @example
 * ```ts
 * import { randomEqualize } from '@selfsup/augment';
 * const augment = randomEqualize({ probability: 0.2 });
 * ```
 */
export function randomEqualize(options: RandomEqualizeOptions = {}): Augmentation {
  const { probability = 0.5 } = options;
  checkProbability('randomEqualize', 'probability', probability);
  return (images, rng) => {
    checkImages('randomEqualize', images);
    return equalize(images, drawChosen(rng.fold('chosen'), images.shape[0], probability));
  };
}

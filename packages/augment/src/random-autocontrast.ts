import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { autocontrast } from './autocontrast.ts';

/** Options of {@link randomAutocontrast}. */
export interface RandomAutocontrastOptions {
  /** Probability of changing an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Stretches the contrast of each image to the whole range with a probability.
 *
 * @param options see {@link RandomAutocontrastOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on a probability outside [0, 1]; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link autocontrast}
 * @example
 * ```ts
 * import { randomAutocontrast } from '@selfsup/augment';
 * const augment = randomAutocontrast({ probability: 0.2 });
 * ```
 */
export function randomAutocontrast(options: RandomAutocontrastOptions = {}): Augmentation {
  const { probability = 0.5 } = options;
  checkProbability('randomAutocontrast', 'probability', probability);
  return (images, rng) => {
    checkImages('randomAutocontrast', images);
    return autocontrast(images, drawChosen(rng.fold('chosen'), images.shape[0], probability));
  };
}

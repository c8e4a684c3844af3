import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { horizontalFlip } from './horizontal-flip.ts';

/** Options of {@link randomHorizontalFlip}. */
export interface RandomHorizontalFlipOptions {
  /** Probability of mirroring an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Mirrors each image left to right with a probability.
 *
 * @param options see {@link RandomHorizontalFlipOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on a probability outside [0, 1]; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link horizontalFlip}
 * @remarks After a {@link randomResizedCrop} its `flipProbability` does the same for free.
 * @example
 * ```ts
 * import { randomHorizontalFlip } from '@selfsup/augment';
 * const flip = randomHorizontalFlip({ probability: 0.5 });
 * ```
 */
export function randomHorizontalFlip(options: RandomHorizontalFlipOptions = {}): Augmentation {
  const { probability = 0.5 } = options;
  checkProbability('randomHorizontalFlip', 'probability', probability);
  return (images, rng) => {
    checkImages('randomHorizontalFlip', images);
    return horizontalFlip(images, drawChosen(rng.fold('chosen'), images.shape[0], probability));
  };
}

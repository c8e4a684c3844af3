import { drawUniform } from '@selfsup/core';
import { adjustSharpness, checkSharpness } from './adjust-sharpness.ts';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';

/** Options of {@link randomSharpness}. */
export interface RandomSharpnessOptions {
  /** The factors, uniform: 0 smooth, 1 as it was, 2 twice as sharp; default [2, 2] as torchvision's usual one, ≥ 0. */
  factor?: readonly [number, number];
  /** Probability of changing an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Makes each image sharper or blurrier with a probability.
 *
 * @param options see {@link RandomSharpnessOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` in [0, 1]
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link adjustSharpness}
 * @example
 * ```ts
 * import { randomSharpness } from '@selfsup/augment';
 * const augment = randomSharpness({ factor: [0.2, 1.8], probability: 0.5 });
 * ```
 */
export function randomSharpness(options: RandomSharpnessOptions = {}): Augmentation {
  const { factor = [2, 2], probability = 0.5 } = options;
  const [min, max] = factor;
  for (const one of factor) checkSharpness('randomSharpness', 'factor', one);
  checkProbability('randomSharpness', 'probability', probability);
  return (images, rng) => {
    checkImages('randomSharpness', images);
    const n = images.shape[0];
    const chosen = drawChosen(rng.fold('chosen'), n, probability);
    const factors = drawUniform(rng.fold('factor'), n, { min, max });
    return adjustSharpness(
      images,
      chosen.map((one, i) => (one ? factors[i] : undefined)),
    );
  };
}

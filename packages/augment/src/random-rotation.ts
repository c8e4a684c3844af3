import type { Augmentation } from './augmentation.ts';
import { checkInterval, randomAffine } from './random-affine.ts';
import type { ResampleOptions } from './resample.ts';

/** Options of {@link randomRotation}. */
export interface RandomRotationOptions extends ResampleOptions {
  /** Angles are uniform in this range, degrees counter-clockwise; default [−180, 180]. */
  degrees?: readonly [number, number];
  /** Probability of rotating an image; default 1, in [0, 1]. */
  probability?: number;
}

/**
 * Rotates each image about its middle by a random angle.
 *
 * @param options see {@link RandomRotationOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]`; corners that turn out of the image are lost
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link affine}
 * @example
 * ```ts
 * import { randomRotation } from '@selfsup/augment';
 * const turn = randomRotation({ degrees: [-30, 30], probability: 0.5 });
 * ```
 */
export function randomRotation(options: RandomRotationOptions = {}): Augmentation {
  const { degrees = [-180, 180] } = options;
  checkInterval('randomRotation', 'degrees', degrees);
  return randomAffine({ ...options, degrees });
}

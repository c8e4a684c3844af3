import { drawUniform, SelfsupError } from '@selfsup/core';
import { affine } from './affine.ts';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability, checkRange } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { checkResample, type ResampleOptions } from './resample.ts';

/** Options of {@link randomAffine}. */
export interface RandomAffineOptions extends ResampleOptions {
  /** Angles are uniform in this range, degrees counter-clockwise; default [−15, 15]. */
  degrees?: readonly [number, number];
  /** The farthest way to the right or left and down or up, `[y, x]` as fractions of height and width; default [0, 0], in [0, 1]. */
  translate?: readonly [number, number];
  /** Range of the enlargement, uniform; default [1, 1], > 0. */
  scale?: readonly [number, number];
  /** Range of the shear along x in degrees, uniform; default [0, 0]. */
  shearX?: readonly [number, number];
  /** Range of the shear along y in degrees, uniform; default [0, 0]. */
  shearY?: readonly [number, number];
  /** Probability of moving an image; default 1, in [0, 1]. */
  probability?: number;
}

/** Refuses a range that is not two finite numbers, the smaller one first. */
export function checkInterval(who: string, name: string, [low, high]: readonly [number, number]): void {
  if (!(low > -Infinity && low <= high && high < Infinity))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`${name}\` must be [low, high] with low <= high, both finite, got [${low}, ${high}]`,
    );
}

/**
 * Rotates, moves, scales and shears each image by random numbers.
 *
 * @param options see {@link RandomAffineOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link affine}
 * @remarks Like torchvision's `RandomAffine`, but translations are real numbers, not whole pixels.
 * @example
 * ```ts
 * import { randomAffine } from '@selfsup/augment';
 * const move = randomAffine({ degrees: [-30, 30], translate: [0.1, 0.1], scale: [0.8, 1.2] });
 * ```
 */
export function randomAffine(options: RandomAffineOptions = {}): Augmentation {
  const { degrees = [-15, 15], translate = [0, 0], scale = [1, 1], shearX = [0, 0], shearY = [0, 0], probability = 1, ...rest } = options;
  for (const [name, range] of Object.entries({ degrees, shearX, shearY })) checkInterval('randomAffine', name, range);
  for (const far of translate) checkProbability('randomAffine', 'translate', far);
  checkRange('randomAffine', 'scale', { range: scale });
  checkProbability('randomAffine', 'probability', probability);
  const resampling = checkResample('randomAffine', rest);
  return (images, rng) => {
    checkImages('randomAffine', images);
    const n = images.shape[0];
    const draw = (name: string, [min, max]: readonly [number, number]) => drawUniform(rng.fold(name), n, { min, max });
    const [farY, farX] = translate;
    const [angles, scales] = [draw('angle', degrees), draw('scale', scale)];
    const [downs, rights] = [draw('down', [-farY, farY]), draw('right', [-farX, farX])];
    const [leansX, leansY] = [draw('shear x', shearX), draw('shear y', shearY)];
    const changes = drawChosen(rng.fold('chosen'), n, probability).map((chosen, i) =>
      chosen
        ? { angle: angles[i]!, scale: scales[i]!, translateY: downs[i]!, translateX: rights[i]!, shearX: leansX[i]!, shearY: leansY[i]! }
        : undefined,
    );
    return affine(images, changes, resampling);
  };
}

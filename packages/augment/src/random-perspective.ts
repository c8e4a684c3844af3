import { drawUniform } from '@selfsup/core';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { perspective, type Corners } from './perspective.ts';
import { checkResample, type ResampleOptions } from './resample.ts';

/** Options of {@link randomPerspective}. */
export interface RandomPerspectiveOptions extends ResampleOptions {
  /** How far the corners come in: each up to this part of half a side, uniform; default 0.5, in [0, 1]. */
  distortion?: number;
  /** Probability of changing an image; default 0.5, in [0, 1]. */
  probability?: number;
}

/**
 * Shows each image as if it were seen from the side, with a probability.
 *
 * @param options see {@link RandomPerspectiveOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]` of at least 2 × 2 pixels
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link perspective}
 * @remarks Like torchvision's `RandomPerspective`, but corners are real numbers, not whole pixels.
 * @example
 * ```ts
 * import { randomPerspective } from '@selfsup/augment';
 * const tilt = randomPerspective({ distortion: 0.3 });
 * ```
 */
export function randomPerspective(options: RandomPerspectiveOptions = {}): Augmentation {
  const { distortion = 0.5, probability = 0.5, ...rest } = options;
  checkProbability('randomPerspective', 'distortion', distortion);
  checkProbability('randomPerspective', 'probability', probability);
  const resampling = checkResample('randomPerspective', rest);
  // corners that meet in the middle are no picture any more
  const most = Math.min(0.499, distortion / 2);
  return (images, rng) => {
    checkImages('randomPerspective', images);
    const n = images.shape[0];
    const draw = (name: string) => drawUniform(rng.fold(name), n, { max: most });
    const [top, left] = [[draw('y0'), draw('y1')] as const, [draw('x0'), draw('x3')] as const];
    const [bottom, right] = [[draw('y2'), draw('y3')] as const, [draw('x1'), draw('x2')] as const];
    const corners = drawChosen(rng.fold('chosen'), n, probability).map((chosen, i): Corners | undefined =>
      chosen
        ? [
            [top[0][i]!, left[0][i]!],
            [top[1][i]!, 1 - right[0][i]!],
            [1 - bottom[0][i]!, 1 - right[1][i]!],
            [1 - bottom[1][i]!, left[1][i]!],
          ]
        : undefined,
    );
    return perspective(images, corners, resampling);
  };
}

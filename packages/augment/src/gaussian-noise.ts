import { drawNormal, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { changeChosen } from './change-groups.ts';
import { checkImages } from './check-images.ts';
import { checkProbability, checkRange } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';

/** Options of {@link gaussianNoise}. */
export interface GaussianNoiseOptions {
  /** Range of the noise's standard deviation, uniform per image; default [0.1, 0.1], > 0. */
  sigma?: readonly [number, number];
  /** Probability of changing an image; default 1, in [0, 1]. */
  probability?: number;
  /** Whether values are cut off at 0 and 1; default true. */
  clip?: boolean;
}

/**
 * Adds normal noise to the pixels of each image, every value its own.
 *
 * @param options see {@link GaussianNoiseOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` on images that are not rank 4 and `SELFSUP_DTYPE` on
 * images that are not float32
 * @remarks torchvision's `GaussianNoise` with mean 0.
 * @example
 * ```ts
 * import { gaussianNoise } from '@selfsup/augment';
 * const grain = gaussianNoise({ sigma: [0.02, 0.1], probability: 0.5 });
 * ```
 */
export function gaussianNoise(options: GaussianNoiseOptions = {}): Augmentation {
  const { sigma = [0.1, 0.1], probability = 1, clip = true } = options;
  checkRange('gaussianNoise', 'sigma', { range: sigma });
  checkProbability('gaussianNoise', 'probability', probability);
  return (images, rng) => {
    checkImages('gaussianNoise', images);
    const n = images.shape[0];
    const perImage = images.size / n;
    const sigmas = drawUniform(rng.fold('sigma'), n, { min: sigma[0], max: sigma[1] });
    return changeChosen(images, drawChosen(rng.fold('chosen'), n, probability), (some, rows) => {
      const noise = new Float32Array(rows.length * perImage);
      rows.forEach((row, place) => {
        noise.set(drawNormal(rng.fold('noise').row(row, n), perImage, { standardDeviation: sigmas[row]! }), place * perImage);
      });
      const noisy = tf.add<tf.Tensor4D>(some, tf.tensor4d(noise, some.shape));
      return clip ? tf.clipByValue(noisy, 0, 1) : noisy;
    });
  };
}

import { drawUniform, SelfsupError } from '@selfsup/core';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkProbability, checkRange, checkWhole } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { gaussianFilter } from './gaussian-filter.ts';

/** Options of {@link gaussianBlur}. */
export interface GaussianBlurOptions {
  /** Probability of blurring an image; default 0.5, in [0, 1]. */
  probability?: number;
  /** Range of the standard deviation in pixels, uniform; default [0.1, 2], > 0. */
  sigma?: readonly [number, number];
  /** Width of the kernel in pixels, odd; default about a tenth of the images' height, at least 3 (32 → 3, 96 → 9, 224 → 23), and along a shorter side what fits there. */
  kernelSize?: number;
}

/**
 * Blurs each image with a probability, by a Gaussian of random width.
 *
 * @param options see {@link GaussianBlurOptions}
 * @returns an {@link Augmentation} that keeps the shape; float32 `[n, h, w, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation on a kernel that is too wide for the images, and as {@link gaussianFilter}
 * @see Chen et al.: "A Simple Framework for Contrastive Learning of Visual Representations", appendix A, https://arxiv.org/abs/2002.05709
 * @remarks Each image has a sigma of its own; SimCLR's code draws one for the whole batch.
 * @example
 * ```ts
 * import { gaussianBlur } from '@selfsup/augment';
 * const blur = gaussianBlur({ probability: 0.5, sigma: [0.1, 2] });
 * ```
 */
export function gaussianBlur(options: GaussianBlurOptions = {}): Augmentation {
  const { probability = 0.5, sigma = [0.1, 2], kernelSize } = options;
  checkProbability('gaussianBlur', 'probability', probability);
  checkRange('gaussianBlur', 'sigma', { range: sigma });
  if (kernelSize !== undefined) checkWhole('gaussianBlur', 'kernelSize', { value: kernelSize, least: 1 });
  if (kernelSize !== undefined && kernelSize % 2 === 0)
    throw new SelfsupError('SELFSUP_OPTION', `gaussianBlur: \`kernelSize\` must be odd, got ${kernelSize}`);
  return (images, rng) => {
    checkImages('gaussianBlur', images);
    const n = images.shape[0];
    const chosen = drawChosen(rng.fold('chosen'), n, probability);
    const sigmas = Array.from(drawUniform(rng.fold('sigma'), n, { min: sigma[0], max: sigma[1] }), (width, i) => (chosen[i] ? width : 0));
    return gaussianFilter(images, sigmas, kernelSize === undefined ? {} : { kernelSize });
  };
}

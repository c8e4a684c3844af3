import { localContrast, type LocalContrastOptions } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';

/** Options of {@link normalizeContrast}, beside those of `localContrast` of `@selfsup/core`. */
export interface NormalizeContrastOptions extends LocalContrastOptions {
  /** Whether every channel becomes the contrast of the mean of the channels; default false: each channel has its own differences. */
  gray?: boolean;
}

/**
 * Replaces images by their local contrast: differences of each pixel from its neighborhood, about as strong everywhere.
 *
 * @param options see {@link NormalizeContrastOptions}
 * @returns an {@link Augmentation} without randomness that keeps the shape; float32 `[n, h, w, c]`, values about 0
 * @throws SelfsupError from the augmentation `SELFSUP_OPTION` on an option out of range, `SELFSUP_SHAPE` on images that are not rank 4 or empty and
 * `SELFSUP_DTYPE` on images that are not float32
 * @example
 * ```ts
 * import { compose, normalizeContrast, randomResizedCrop } from '@selfsup/augment';
 * const augment = compose([randomResizedCrop({ size: 64 }), normalizeContrast({ gray: true })]);
 * ```
 */
export function normalizeContrast(options: NormalizeContrastOptions = {}): Augmentation {
  const { gray = false, ...contrast } = options;
  return (images) => {
    checkImages('normalizeContrast', images);
    const channels = images.shape[3];
    if (!gray || channels === 1) return localContrast(images, contrast);
    return tf.tidy(() => tf.tile(localContrast(tf.mean<tf.Tensor4D>(images, 3, true), contrast), [1, 1, 1, channels]));
  };
}

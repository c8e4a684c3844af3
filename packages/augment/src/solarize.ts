import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';

/** Options of {@link solarize}. */
export interface SolarizeOptions {
  /** Pixels from here on are inverted; default 0.5, finite. */
  threshold?: number;
}

/**
 * Inverts the bright pixels of the chosen images: x → 1 − x where x ≥ threshold, each channel on its own.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1]
 * @param chosen one boolean per image
 * @param options see {@link SolarizeOptions}
 * @returns float32, the shape of `images`; images that are not chosen come out bit by bit as they were
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or choices that are not one per image, `SELFSUP_DTYPE` on images that are not
 * float32, `SELFSUP_OPTION` on a threshold that is not finite
 * @remarks The definition of torchvision's `solarize` for float images. Pillow's counts in whole bytes: its threshold 128 is 128/255 here.
 * @example
 * ```ts
 * import { solarize } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const negative = solarize(tf.ones<tf.Rank.R4>([2, 8, 8, 3]), [true, false]); // 0 in the first image, 1 in the second
 * ```
 */
export function solarize(images: tf.Tensor4D, chosen: readonly boolean[], options: SolarizeOptions = {}): tf.Tensor4D {
  const { threshold = 0.5 } = options;
  checkImages('solarize', images);
  const [n, height, width, channels] = images.shape;
  checkPerImage('solarize', 'chosen', { expected: n, got: chosen.length });
  checkThreshold('solarize', threshold);
  if (!chosen.includes(true)) return tf.clone(images);
  return tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R2>(images, [n, height * width * channels]);
    const from = tf.tensor2d(
      chosen.map((one) => (one ? threshold : Infinity)), // no pixel is that bright
      [n, 1],
    );
    return tf.reshape(tf.where(tf.greaterEqual(flat, from), tf.sub(1, flat), flat), images.shape);
  });
}

/** Refuses a threshold that is not finite. */
export function checkThreshold(who: string, threshold: number): void {
  if (!Number.isFinite(threshold)) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`threshold\` must be finite, got ${threshold}`);
}

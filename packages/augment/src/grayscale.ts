import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';

/** Weights of red, green and blue in a gray value, as torchvision has them (ITU-R BT.601, rounded; they add up to 0.9999). */
export const GRAY_WEIGHTS = [0.2989, 0.587, 0.114] as const;

/**
 * Replaces the chosen images by their gray values, in as many channels as before: gray = 0.2989 R + 0.587 G + 0.114 B.
 *
 * @param images float32 `[n, h, w, c]`; where c is not 3 nothing changes
 * @param chosen one flag per image: whether to make it gray
 * @returns float32, the shape of `images`
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or flags that are not one per image, `SELFSUP_DTYPE` on
 * images that are not float32
 * @remarks torchvision's `rgb_to_grayscale`. Images that are not chosen come out bit by bit as they were, if their values are finite.
 * @example
 * ```ts
 * import { grayscale } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const gray = grayscale(tf.ones<tf.Rank.R4>([2, 8, 8, 3]), [true, false]);
 * ```
 */
export function grayscale(images: tf.Tensor4D, chosen: readonly boolean[]): tf.Tensor4D {
  checkImages('grayscale', images);
  const [n, height, width, channels] = images.shape;
  checkPerImage('grayscale', 'chosen', { expected: n, got: chosen.length });
  if (channels !== 3 || !chosen.includes(true)) return tf.clone(images);
  return tf.tidy(() => {
    const weights = tf.tensor2d(
      [...GRAY_WEIGHTS].flatMap((weight) => [weight, weight, weight]),
      [3, 3],
    );
    const gray = tf.matMul(tf.reshape(images, [n * height * width, 3]), weights); // [n·h·w, 3]
    if (!chosen.includes(false)) return tf.reshape(gray, images.shape);
    const on = tf.tensor2d(chosen.map(Number), [n, 1]);
    const off = tf.tensor2d(
      chosen.map((choice) => Number(!choice)),
      [n, 1],
    );
    const size = height * width * 3;
    const mixed = tf.add(tf.mul(tf.reshape(images, [n, size]), off), tf.mul(tf.reshape(gray, [n, size]), on)); // [n, h·w·3]
    return tf.reshape(mixed, images.shape);
  });
}

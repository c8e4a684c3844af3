import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';

/** Refuses what is not a number of bits. */
export function checkBits(who: string, bits: number): void {
  if (!Number.isSafeInteger(bits) || bits < 0 || bits > 8)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`bits\` must be an integer from 0 to 8, got ${bits}`);
}

/**
 * Keeps the first bits of each channel's byte, so that fewer levels are left.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1], any number of channels
 * @param bits one integer per image, from 0 (black) to 8; `undefined` leaves the image as it is, bit by bit, where 8 rounds it to bytes
 * @returns float32, the shape of `images`
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or bits that are not one per image, `SELFSUP_DTYPE` on images that are not
 * float32, `SELFSUP_OPTION` on bits that are not an integer from 0 to 8
 * @remarks torchvision's `posterize`, of pixels rounded to bytes.
 * @example
 * ```ts
 * import { posterize } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const coarse = posterize(tf.fill<tf.Rank.R4>([2, 8, 8, 3], 0.7), [2, undefined]); // 128/255 and 0.7
 * ```
 */
export function posterize(images: tf.Tensor4D, bits: readonly (number | undefined)[]): tf.Tensor4D {
  checkImages('posterize', images);
  checkPerImage('posterize', 'bits', { expected: images.shape[0], got: bits.length });
  for (const one of bits) if (one !== undefined) checkBits('posterize', one);
  return changeChosen(
    images,
    bits.map((one) => one !== undefined),
    (some, rows) => {
      const steps = tf.tensor4d(
        rows.map((row) => 2 ** (8 - bits[row]!)),
        [rows.length, 1, 1, 1],
      );
      const levels = tf.round(tf.mul(tf.clipByValue(some, 0, 1), 255));
      return tf.div(tf.mul(tf.floor(tf.div(tf.add(levels, 0.5), steps)), steps), 255); // a half: floor needs no exact division
    },
  );
}

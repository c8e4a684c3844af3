import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';

/** Refuses a factor of sharpness that is not finite or below 0. */
export function checkSharpness(who: string, name: string, factor: number): void {
  if (!(factor >= 0 && factor < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be finite and >= 0, got ${factor}`);
}

/** Each pixel but those at the border as the mean of its 3 × 3 neighborhood, itself weighing 5 of 13. */
function smooth(images: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = images.shape;
  const along = (x: tf.Tensor4D, axis: 1 | 2) => {
    const length = x.shape[axis] - 2;
    const parts = [0, 1, 2].map((start) => {
      const begin: [number, number, number, number] = axis === 1 ? [0, start, 0, 0] : [0, 0, start, 0];
      const size: [number, number, number, number] = axis === 1 ? [-1, length, -1, -1] : [-1, -1, length, -1];
      return tf.slice(x, begin, size);
    });
    return tf.addN<tf.Tensor4D>(parts);
  };
  const inner = tf.slice(images, [0, 1, 1, 0], [-1, height - 2, width - 2, -1]);
  const blurred = tf.mul<tf.Tensor4D>(tf.add(along(along(images, 1), 2), tf.mul(inner, 4)), 1 / 13);
  const row = (y: number) => tf.slice(images, [0, y, 1, 0], [-1, 1, width - 2, -1]);
  const column = (x: number) => tf.slice(images, [0, 0, x, 0], [-1, -1, 1, -1]);
  const middle = tf.concat([row(0), blurred, row(height - 1)], 1);
  return tf.concat([column(0), middle, column(width - 1)], 2);
}

/**
 * Makes each image blurrier or sharper by its own factor.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1], any number of channels
 * @param factors one per image, ≥ 0: 0 smooth, 1 as it was, 2 twice as sharp; `undefined` leaves the image as it is, bit by bit
 * @returns float32, the shape of `images`, in [0, 1]
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or factors that are not one per image, `SELFSUP_DTYPE` on images that are not
 * float32, `SELFSUP_OPTION` on a factor that is not finite or below 0
 * @remarks torchvision's `adjust_sharpness`: f·x + (1 − f)·smooth(x), clamped, where the border stays as it is. Images of at most 2 pixels along a side do not change.
 * @example
 * ```ts
 * import { adjustSharpness } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const sharper = adjustSharpness(tf.zeros<tf.Rank.R4>([2, 8, 8, 3]), [2, 0.5]);
 * ```
 */
export function adjustSharpness(images: tf.Tensor4D, factors: readonly (number | undefined)[]): tf.Tensor4D {
  checkImages('adjustSharpness', images);
  const [n, height, width] = images.shape;
  checkPerImage('adjustSharpness', 'factors', { expected: n, got: factors.length });
  for (const factor of factors) if (factor !== undefined) checkSharpness('adjustSharpness', 'factors', factor);
  if (height <= 2 || width <= 2) return tf.clone(images);
  return changeChosen(
    images,
    factors.map((factor) => factor !== undefined),
    (some, rows) => {
      const factor = tf.tensor4d(
        rows.map((row) => factors[row]!),
        [rows.length, 1, 1, 1],
      );
      return tf.clipByValue(tf.add(tf.mul(some, factor), tf.mul(smooth(some), tf.sub(1, factor))), 0, 1);
    },
  );
}

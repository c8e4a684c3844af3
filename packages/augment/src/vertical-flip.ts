import * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';

/**
 * Mirrors the chosen images upside down.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1], any number of channels
 * @param chosen one flag per image: whether to change it
 * @returns float32, the shape of `images`; images that are not chosen come out bit by bit as they were
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or flags that are not one per image, `SELFSUP_DTYPE` on images that are not float32
 * @remarks Pixels are moved, never computed with.
 * @example
 * ```ts
 * import { verticalFlip } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const changed = verticalFlip(tf.zeros<tf.Rank.R4>([2, 8, 8, 3]), [true, false]);
 * ```
 */
export function verticalFlip(images: tf.Tensor4D, chosen: readonly boolean[]): tf.Tensor4D {
  checkImages('verticalFlip', images);
  checkPerImage('verticalFlip', 'chosen', { expected: images.shape[0], got: chosen.length });
  return changeChosen(images, chosen, (some) => tf.reverse(some, 1));
}

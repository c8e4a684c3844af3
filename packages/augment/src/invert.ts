import * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';

/**
 * Replaces the pixels of the chosen images by their negative, 1 − x.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1], any number of channels
 * @param chosen one flag per image: whether to change it
 * @returns float32, the shape of `images`; images that are not chosen come out bit by bit as they were
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or flags that are not one per image, `SELFSUP_DTYPE` on images that are not float32
 * @remarks torchvision's `invert`.
 * @example
 * ```ts
 * import { invert } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const changed = invert(tf.zeros<tf.Rank.R4>([2, 8, 8, 3]), [true, false]);
 * ```
 */
export function invert(images: tf.Tensor4D, chosen: readonly boolean[]): tf.Tensor4D {
  checkImages('invert', images);
  checkPerImage('invert', 'chosen', { expected: images.shape[0], got: chosen.length });
  return changeChosen(images, chosen, (some) => tf.sub(1, some));
}

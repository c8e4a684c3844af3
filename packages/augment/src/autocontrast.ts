import * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';

/** (x − min) / (max − min) per image and channel. */
function stretch(images: tf.Tensor4D): tf.Tensor4D {
  const low = tf.min(images, [1, 2], true);
  const range = tf.sub(tf.max(images, [1, 2], true), low); // [n, 1, 1, c]
  const flat = tf.equal(range, 0);
  const stretched = tf.clipByValue(tf.div(tf.sub(images, low), tf.where(flat, tf.onesLike(range), range)), 0, 1);
  const kept = tf.cast(flat, 'float32'); // 1 where the channel has one value
  return tf.add(tf.mul(images, kept), tf.mul(stretched, tf.sub(1, kept)));
}

/**
 * Stretches each channel of the chosen images so that its darkest pixel becomes 0 and its brightest 1.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1], any number of channels
 * @param chosen one flag per image: whether to change it
 * @returns float32, the shape of `images`; images that are not chosen come out bit by bit as they were
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or flags that are not one per image, `SELFSUP_DTYPE` on images that are not float32
 * @remarks torchvision's `autocontrast` of float images; a channel of one value stays as it is.
 * @example
 * ```ts
 * import { autocontrast } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const changed = autocontrast(tf.zeros<tf.Rank.R4>([2, 8, 8, 3]), [true, false]);
 * ```
 */
export function autocontrast(images: tf.Tensor4D, chosen: readonly boolean[]): tf.Tensor4D {
  checkImages('autocontrast', images);
  checkPerImage('autocontrast', 'chosen', { expected: images.shape[0], got: chosen.length });
  return changeChosen(images, chosen, (some) => stretch(some));
}

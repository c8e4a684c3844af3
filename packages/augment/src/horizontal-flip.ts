import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';

/**
 * Mirrors the chosen images left to right.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels
 * @param chosen one flag per image: whether to mirror it
 * @returns float32, the shape of `images`; pixels are moved, never computed with
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or flags that are not one per image, `SELFSUP_DTYPE` on images that are not float32
 * @example
 * ```ts
 * import { horizontalFlip } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const mirrored = horizontalFlip(tf.zeros<tf.Rank.R4>([2, 8, 8, 1]), [true, false]);
 * ```
 */
export function horizontalFlip(images: tf.Tensor4D, chosen: readonly boolean[]): tf.Tensor4D {
  checkImages('horizontalFlip', images);
  const [n, height, width, channels] = images.shape;
  checkPerImage('horizontalFlip', 'chosen', { expected: n, got: chosen.length });
  if (!chosen.includes(true)) return tf.clone(images);
  const source = new Int32Array(n * height * width);
  for (let row = 0; row < n * height; row++) {
    const start = row * width;
    const mirrored = chosen[Math.floor(row / height)]!;
    for (let x = 0; x < width; x++) source[start + x] = mirrored ? start + width - 1 - x : start + x;
  }
  return tf.tidy(() => {
    const pixels = tf.reshape(images, [n * height * width, channels]);
    return tf.reshape(tf.gather(pixels, tf.tensor1d(source, 'int32')), images.shape);
  });
}

import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';

/**
 * Rotates each image by a number of quarter turns, counter-clockwise.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels; square, unless every turn is even
 * @param turns one integer per image, of any sign: 1 is 90° counter-clockwise
 * @returns float32, the shape of `images`; pixels are moved, never computed with
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4, turns that are not one per image, or an odd turn of images that are not square;
 * `SELFSUP_DTYPE` on images that are not float32, `SELFSUP_OPTION` on a turn that is no integer
 * @remarks The direction of `torch.rot90` and `numpy.rot90` over height and width.
 * @example
 * ```ts
 * import { rotate90 } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const rotated = rotate90(tf.zeros<tf.Rank.R4>([2, 8, 8, 3]), [1, 2]); // by 90° and 180°
 * ```
 */
export function rotate90(images: tf.Tensor4D, turns: ArrayLike<number>): tf.Tensor4D {
  checkImages('rotate90', images);
  const [n, height, width, channels] = images.shape;
  checkPerImage('rotate90', 'turns', { expected: n, got: turns.length });
  const quarters = Array.from(turns, (turn, i) => {
    if (!Number.isSafeInteger(turn))
      throw new SelfsupError('SELFSUP_OPTION', `rotate90: \`turns\` must be integers, got ${turn} for image ${i}`);
    return ((turn % 4) + 4) % 4;
  });
  if (height !== width && quarters.some((quarter) => quarter % 2 === 1))
    throw new SelfsupError('SELFSUP_SHAPE', `rotate90: \`images\` must be square for an odd turn, got ${height}×${width}`);
  const [bottom, right] = [height - 1, width - 1];
  const source = new Int32Array(n * height * width);
  for (let to = 0, i = 0; i < n; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, to++) {
        const [fromY, fromX] = (
          [
            [y, x],
            [x, right - y],
            [bottom - y, right - x],
            [bottom - x, y],
          ] as const
        )[quarters[i]!]!;
        source[to] = (i * height + fromY) * width + fromX;
      }
  return tf.tidy(() => {
    const pixels = tf.reshape(images, [n * height * width, channels]);
    return tf.reshape(tf.gather(pixels, tf.tensor1d(source, 'int32')), images.shape);
  });
}

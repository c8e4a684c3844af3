import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';

/** Options of {@link localContrast}. */
export interface LocalContrastOptions {
  /** Height and width of the neighborhood in pixels, odd, ≥ 3; default 9. */
  size?: number;
  /** Weight of the whole image's mean square beside that of the neighborhood, ≥ 0; default 0.2. Smooth regions of a lively image stay quiet with it. */
  share?: number;
  /** Added under the root, > 0, in the square of the pixels' unit; default 0.0005, for pixels in [0, 1]. */
  floor?: number;
}

/** `[side, side]`: row i has the mean of the pixels at most `radius` from i that are inside. */
function meanMatrix(side: number, radius: number): tf.Tensor2D {
  const values = new Float32Array(side * side);
  for (let i = 0; i < side; i++) {
    const [first, last] = [Math.max(0, i - radius), Math.min(side - 1, i + radius)];
    values.fill(1 / (last - first + 1), i * side + first, i * side + last + 1);
  }
  return tf.tensor2d(values, [side, side]);
}

/** The mean of each pixel's neighborhood, as two matrix products: `[planes, height, width]` to the same shape. */
function neighborhoodMean(planes: tf.Tensor3D, radius: number): tf.Tensor3D {
  const [count, height, width] = planes.shape;
  const along = tf.matMul(tf.reshape<tf.Rank.R2>(planes, [count * height, width]), meanMatrix(width, radius), false, true);
  const down = tf.expandDims<tf.Tensor3D>(meanMatrix(height, radius), 0);
  return tf.matMul(down, tf.reshape<tf.Rank.R3>(along, [count, height, width]));
}

/**
 * Local contrast: the difference of each pixel from the mean of its neighborhood, divided by the strength of such differences around it.
 *
 * d = x − box(x), y = d / √(box(d²) + share · mean(d²) + floor); box is the mean over the `size` × `size` pixels around a pixel that are inside the image,
 * mean that over the image. Several channels have differences of their own and one strength, of the mean of their squares.
 *
 * @param images float32 `[n, height, width, channels]`
 * @param options see {@link LocalContrastOptions}
 * @returns float32, the shape of `images`
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or empty, `SELFSUP_OPTION` on an option out of range
 * @see Jarrett et al.: "What is the best multi-stage architecture for object recognition?", section 2, https://doi.org/10.1109/ICCV.2009.5459469
 * @remarks Differentiable. A constant added to an image changes nothing; a factor nothing beyond `floor`. Jarrett et al. weight the neighborhood by a
 * Gaussian and divide by at least the image's mean deviation; here it is a box, and the image's mean square is added.
 * @example
 * ```ts
 * import { localContrast } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const edges = localContrast(tf.zeros([8, 64, 64, 1])); // [8, 64, 64, 1]
 * ```
 */
export function localContrast(images: tf.Tensor4D, options: LocalContrastOptions = {}): tf.Tensor4D {
  const { size = 9, share = 0.2, floor = 0.0005 } = options;
  const fail = (name: string, expected: string, got: number): never => {
    throw new SelfsupError('SELFSUP_OPTION', `localContrast: \`${name}\` must be ${expected}, got ${got}`);
  };
  if (!Number.isSafeInteger(size) || size < 3 || size % 2 === 0) fail('size', 'an odd integer >= 3', size);
  if (!(share >= 0 && share < Infinity)) fail('share', 'a number >= 0', share);
  if (!(floor > 0 && floor < Infinity)) fail('floor', 'a number > 0', floor);
  if (images.rank !== 4 || images.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `localContrast: \`images\` must have shape [n, height, width, channels] without an empty axis, got [${images.shape.join(', ')}]`,
    );
  const [n, height, width, channels] = images.shape;
  const radius = (size - 1) / 2;
  return tf.tidy(() => {
    // channel by channel: [n · channels, height, width]
    const planes = tf.reshape<tf.Rank.R3>(channels === 1 ? images : tf.transpose(images, [0, 3, 1, 2]), [n * channels, height, width]);
    const difference = tf.sub(planes, neighborhoodMean(planes, radius));
    const squares = tf.reshape<tf.Rank.R3>(tf.square(difference), [n, channels, height * width]);
    const square = tf.mean<tf.Tensor2D>(squares, 1); // [n, height · width]
    const around = tf.reshape(neighborhoodMean(tf.reshape<tf.Rank.R3>(square, [n, height, width]), radius), [n, height * width]);
    const strength = tf.sqrt(tf.add(around, tf.add(tf.mul(tf.mean(square, 1, true), share), floor))); // [n, height · width]
    const flat = tf.reshape(difference, [n, channels, height * width]);
    const contrast = tf.div(flat, tf.expandDims(strength, 1)); // [n, channels, height · width]
    if (channels === 1) return tf.reshape(contrast, images.shape);
    return tf.transpose(tf.reshape<tf.Rank.R4>(contrast, [n, channels, height, width]), [0, 2, 3, 1]);
  });
}

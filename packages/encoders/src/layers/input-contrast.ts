import * as tf from '@tensorflow/tfjs-core';
import { localContrast, type ModuleFactory } from '@selfsup/core';
import { stateless } from './stateless.ts';

/** The floor of `localContrast` for images of deviation 1: its default is for pixels in [0, 1], whose deviation is about a quarter. */
const FLOOR = 0.0005 * 4 ** 2;
/** Differences of colors are noisier. */
const COLOR_FLOOR = 2 * FLOOR;
/** Red against green, and both against blue: columns of a matrix that red, green and blue are multiplied by. */
const OPPONENTS = [
  [1 / 2, 1 / 4],
  [-1 / 2, 1 / 4],
  [0, -1 / 2],
];

const grayContrast = (images: tf.Tensor4D): tf.Tensor4D =>
  localContrast(images.shape[3] === 1 ? images : tf.mean<tf.Tensor4D>(images, 3, true), { floor: FLOOR });

/** The local contrast of the mean of the channels, for standardized images: `[n, height, width, channels]` to `[n, height, width, 1]`. */
export function inputContrast(): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  return stateless(grayContrast);
}

/** {@link inputContrast} and that of red − green and of red + green − blue, each with a strength of its own: `[n, height, width, 3]` to the same shape. */
export function inputColorContrast(): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  return stateless((images) => {
    const [n, height, width] = images.shape;
    const opponents = tf.matMul(tf.reshape<tf.Rank.R2>(images, [n * height * width, 3]), tf.tensor2d(OPPONENTS)); // [n · height · width, 2]
    const colors = tf
      .split(opponents, 2, 1)
      .map((color) => localContrast(tf.reshape<tf.Rank.R4>(color, [n, height, width, 1]), { floor: COLOR_FLOOR }));
    return tf.concat([grayContrast(images), ...colors], 3);
  });
}

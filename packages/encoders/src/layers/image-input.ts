import * as tf from '@tensorflow/tfjs-core';
import { localContrast, SelfsupError, type ModuleFactory } from '@selfsup/core';
import { checkOneOf } from './check-option.ts';
import { stateless } from './stateless.ts';

/**
 * What the first layer of an encoder sees of standardized images. `pixels`: the images. `global-contrast`: the differences from the mean of the image, all its
 * channels, divided by their strength. `local-contrast`: the local contrast of the mean of the channels, one channel. `color-contrast`: that, red − green and
 * red + green − 2 · blue, of images of three channels.
 */
export type ImageInput = 'pixels' | 'global-contrast' | 'local-contrast' | 'color-contrast';

/** Pixels in [0, 1] have a deviation of about a quarter; what was chosen for them is this much for images of deviation 1. */
const UNIT = 4;
const LOCAL_FLOOR = 0.0005 * UNIT ** 2;
const GLOBAL_FLOOR = 0.003 * UNIT ** 2;
/** Differences of colors are brought to about the deviation of contrasts; columns of a matrix that red, green and blue are multiplied by. */
const COLOR_SCALE = 1 / 0.12 / UNIT;
const COLORS = [
  [1 / 2, 1 / 4],
  [-1 / 2, 1 / 4],
  [0, -1 / 2],
].map((row) => row.map((weight) => weight * COLOR_SCALE));

function globalContrast(images: tf.Tensor4D): tf.Tensor4D {
  const flat = tf.reshape(images, [images.shape[0], -1]);
  const difference = tf.sub(flat, tf.mean(flat, 1, true)); // [n, height · width · channels]
  const strength = tf.sqrt(tf.add(tf.mean(tf.square(difference), 1, true), GLOBAL_FLOOR)); // [n, 1]
  return tf.reshape(tf.div(difference, strength), images.shape);
}

function grayContrast(images: tf.Tensor4D): tf.Tensor4D {
  return localContrast(images.shape[3] === 1 ? images : tf.mean<tf.Tensor4D>(images, 3, true), { floor: LOCAL_FLOOR });
}

function colorContrast(images: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width] = images.shape;
  const colors = tf.matMul(tf.reshape<tf.Rank.R2>(images, [n * height * width, 3]), tf.tensor2d(COLORS)); // [n · height · width, 2]
  return tf.concat([grayContrast(images), tf.reshape<tf.Rank.R4>(colors, [n, height, width, 2])], 3);
}

/** The layer that makes an encoder's input of its images, none for pixels, and the channels that it gives; `who` is the encoder that an error names. */
export function imageInput(
  who: string,
  input: ImageInput,
  channels: number,
): { layer: ModuleFactory<tf.Tensor4D, tf.Tensor4D> | undefined; channels: number } {
  checkOneOf(who, 'input', input, ['pixels', 'global-contrast', 'local-contrast', 'color-contrast']);
  if (input === 'color-contrast' && channels !== 3)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`channels\` must be 3 for the input color-contrast, got ${channels}`);
  if (input === 'pixels') return { layer: undefined, channels };
  if (input === 'global-contrast') return { layer: stateless(globalContrast), channels };
  return input === 'local-contrast' ? { layer: stateless(grayContrast), channels: 1 } : { layer: stateless(colorContrast), channels: 3 };
}

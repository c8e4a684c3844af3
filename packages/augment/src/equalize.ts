import * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';

const LEVELS = 256;
const HALF = 16; // a level is 16 · high + low

/** How many pixels of each channel have each level, float32 `[n·c, 256]`: the product of which have which high half and which have which low half. */
function histograms(levels: tf.Tensor2D): tf.Tensor2D {
  const [rows, pixels] = levels.shape;
  const high = tf.floor(tf.div(tf.add(levels, 0.5), HALF)); // half a unit: floor needs no exact division
  const digits = tf.reshape(tf.range(0, HALF), [1, HALF, 1]);
  const which = (digit: tf.Tensor) => tf.cast<tf.Tensor3D>(tf.equal(tf.reshape(digit, [rows, 1, pixels]), digits), 'float32');
  const counts = tf.matMul(which(high), which(tf.sub(levels, tf.mul(high, HALF))), false, true);
  return tf.reshape<tf.Rank.R2>(counts, [rows, LEVELS]);
}

/** The levels of each image and channel, equalized. */
function spread(images: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const [rows, pixels] = [n * channels, height * width];
  const planes = tf.reshape<tf.Rank.R2>(tf.transpose(images, [0, 3, 1, 2]), [rows, pixels]);
  const levels = tf.round<tf.Tensor2D>(tf.mul(tf.clipByValue(planes, 0, 1), LEVELS - 1));
  const counts = histograms(levels);
  const upTo = tf.cumsum(counts, 1);
  const last = tf.sum(tf.mul(counts, tf.cast(tf.greaterEqual(upTo, pixels), 'float32')), 1, true); // pixels of the brightest level, [n·c, 1]
  const step = tf.floor(tf.div(tf.add(tf.sub(pixels, last), 0.5), LEVELS - 1));
  const half = tf.floor(tf.div(tf.add(step, 0.5), 2));
  const above = tf.add(tf.sub(upTo, counts), tf.add(half, 0.5));
  const table = tf.clipByValue(tf.floor(tf.div(above, tf.maximum(step, 1))), 0, LEVELS - 1); // [n·c, 256]
  const starts = tf.mul(tf.range(0, rows), LEVELS); // where the table of a channel begins
  const places = tf.cast(tf.add(levels, tf.reshape(starts, [rows, 1])), 'int32');
  const mapped = tf.div(
    tf.reshape(tf.gather(tf.reshape(table, [rows * LEVELS]), tf.reshape<tf.Rank.R1>(places, [rows * pixels])), [rows, pixels]),
    LEVELS - 1,
  );
  const kept = tf.cast(tf.equal(step, 0), 'float32'); // 1 where a channel has too few pixels
  const equalized = tf.add(tf.mul(planes, kept), tf.mul(mapped, tf.sub(1, kept)));
  return tf.transpose(tf.reshape<tf.Rank.R4>(equalized, [n, channels, height, width]), [0, 2, 3, 1]);
}

/**
 * Spreads the brightness of each channel of the chosen images so that all levels are about as frequent.
 *
 * @param images float32 `[n, h, w, c]` in [0, 1], any number of channels
 * @param chosen one flag per image: whether to change it
 * @returns float32, the shape of `images`; images that are not chosen come out bit by bit as they were
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or flags that are not one per image, `SELFSUP_DTYPE` on images that are not float32
 * @remarks torchvision's and Pillow's `equalize`: pixels are rounded to bytes, and each level goes to the share of pixels below it. A channel in which all but the brightest
 * level have fewer than 255 pixels stays as it is. Nothing is read back: the histogram is a product of matrices on the backend.
 * @example
 * ```ts
 * import { equalize } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const changed = equalize(tf.zeros<tf.Rank.R4>([2, 8, 8, 3]), [true, false]);
 * ```
 */
export function equalize(images: tf.Tensor4D, chosen: readonly boolean[]): tf.Tensor4D {
  checkImages('equalize', images);
  checkPerImage('equalize', 'chosen', { expected: images.shape[0], got: chosen.length });
  return changeChosen(images, chosen, (some) => spread(some));
}

import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImagePixels } from './image-dataset.ts';

const UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Makes the tensor of a batch: bytes divided by 255.
 *
 * @param pixels the rows that a data set or a loader gave
 * @returns `[n, height, width, channels]` float32 in [0, 1]; the caller disposes it
 * @throws SelfsupError `SELFSUP_SHAPE` when the number of bytes does not fit the shape
 * @example
 * ```ts
 * import { shapes, toImages } from '@selfsup/data';
 * const images = toImages(await shapes({ count: 8, seed: 0 }).read([0, 1, 2]));
 * console.log(images.shape); // [3, 32, 32, 3]
 * images.dispose();
 * ```
 */
export function toImages(pixels: Pick<ImagePixels, 'pixels' | 'shape'>): tf.Tensor4D {
  const [n, height, width, channels] = pixels.shape;
  const bytes = pixels.pixels;
  if (bytes.length !== n * height * width * channels)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `toImages: \`pixels\` must have ${n * height * width * channels} bytes for shape [${pixels.shape.join(', ')}], got ${bytes.length}`,
    );
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = UNIT[bytes[i]!]!;
  return tf.tensor4d(values, [n, height, width, channels]); // [n, h, w, c]
}

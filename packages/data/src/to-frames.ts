import * as tf from '@tensorflow/tfjs-core';
import { toImages } from './to-images.ts';
import type { ClipPixels } from './video-dataset.ts';

/**
 * Makes the tensor of a batch of clips: bytes divided by 255.
 *
 * @param clips the clips that a data set or a loader gave
 * @returns `[n, clipLength, height, width, channels]` float32 in [0, 1]; the caller disposes it
 * @throws SelfsupError `SELFSUP_SHAPE` when the number of bytes does not fit the shape
 * @example
 * ```ts
 * import { toFrames } from '@selfsup/data';
 * const frames = toFrames({ pixels: new Uint8Array(2 * 3 * 8 * 8), shape: [2, 3, 8, 8, 1] });
 * frames.dispose();
 * ```
 */
export function toFrames(clips: Pick<ClipPixels, 'pixels' | 'shape'>): tf.Tensor5D {
  const [n, length, height, width, channels] = clips.shape;
  return tf.tidy(() =>
    tf.reshape<tf.Rank.R5>(toImages({ pixels: clips.pixels, shape: [n * length, height, width, channels] }), [...clips.shape]),
  );
}

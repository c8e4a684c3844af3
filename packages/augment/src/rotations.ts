import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { rotate90 } from './rotate90.ts';

/** Images and by how many quarter turns they are rotated; the caller owns both. */
export interface RotatedImages {
  /** float32 `[4·n, h, h, c]`. */
  readonly images: tf.Tensor4D;
  /** int32 `[4·n]` in 0 … 3: quarter turns counter-clockwise. */
  readonly labels: tf.Tensor1D;
}

/**
 * All four rotations of each image, as the prediction of rotations trains on.
 *
 * @param images float32 `[n, h, h, c]`, square
 * @returns see {@link RotatedImages}: first all images as they are, then all rotated by 90°, by 180° and by 270° counter-clockwise
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or not square, `SELFSUP_DTYPE` on images that are not float32
 * @see Gidaris et al.: "Unsupervised Representation Learning by Predicting Image Rotations", https://arxiv.org/abs/1803.07728
 * @example
 * ```ts
 * import { rotations } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const { images, labels } = rotations(tf.zeros<tf.Rank.R4>([8, 32, 32, 3])); // [32, 32, 32, 3] and [32]
 * ```
 */
export function rotations(images: tf.Tensor4D): RotatedImages {
  checkImages('rotations', images);
  const n = images.shape[0];
  return tf.tidy(() => ({
    images: tf.concat([0, 1, 2, 3].map((turn) => rotate90(images, new Int32Array(n).fill(turn)))),
    labels: tf.tensor1d(
      Int32Array.from({ length: 4 * n }, (_, i) => Math.floor(i / n)),
      'int32',
    ),
  }));
}

import type { Rng } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * A random change of a batch of images: `[n, h, w, c]` float32 in, a new tensor of as many images out, which the caller owns.
 *
 * Image i is changed by the i-th draw of the streams under `rng`, so its result depends on nothing but `rng`, i and its own pixels;
 * the same `rng` gives the same bits. The input is left alive.
 */
export type Augmentation = (images: tf.Tensor4D, rng: Rng) => tf.Tensor4D;

/** Several random views of a batch of images: one new `[n, h', w', c]` tensor per view, which the caller owns. */
export type ViewsTransform = (images: tf.Tensor4D, rng: Rng) => tf.Tensor4D[];

import * as tf from '@tensorflow/tfjs-core';
import { toFrames, toImages, type ClipPixels, type ImagePixels } from '@selfsup/data';

/** Rows of a loader: images, or clips of videos. */
export type Pixels = ImagePixels | ClipPixels;

const isClips = (rows: Pixels): rows is ClipPixels => rows.shape.length === 5;

/**
 * The tensor from which the views of a batch are made. The frames of a clip are the channels of one image, so that all are cut and mirrored alike.
 *
 * @param rows images `[n, h, w, c]` or clips `[n, frames, h, w, c]`
 * @returns float32 `[n, h, w, c]` or `[n, h, w, frames · c]` in [0, 1]
 */
export function toViewable(rows: Pixels): tf.Tensor4D {
  return isClips(rows) ? tf.tidy(() => tf.concat(tf.unstack(toFrames(rows), 1), 3) as tf.Tensor4D) : toImages(rows);
}

/**
 * Gives the frames of clips an axis of their own again.
 *
 * @param images `[n, h, w, frames · c]` as {@link toViewable} gives them
 * @param clipLength the frames of a clip
 * @returns `[n, frames, h, w, c]`
 */
export function unfoldFrames(images: tf.Tensor4D, clipLength: number): tf.Tensor5D {
  return tf.tidy(() => tf.stack(tf.split(images, clipLength, 3), 1) as tf.Tensor5D);
}

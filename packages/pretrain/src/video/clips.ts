import * as tf from '@tensorflow/tfjs-core';
import { toImages, type ClipPixels, type ImagePixels } from '@selfsup/data';

/** The bytes of clips with the frames of each pixel side by side. */
function interleave({ pixels, shape: [n, frames, height, width, channels] }: ClipPixels): Pick<ImagePixels, 'pixels' | 'shape'> {
  const places = height * width;
  const folded = new Uint8Array(pixels.length);
  let from = 0;
  for (let clip = 0; clip < n; clip++)
    for (let frame = 0; frame < frames; frame++)
      for (let place = 0; place < places; place++) {
        const to = ((clip * places + place) * frames + frame) * channels;
        for (let channel = 0; channel < channels; channel++) folded[to + channel] = pixels[from++]!;
      }
  return { pixels: folded, shape: [n, height, width, frames * channels] };
}

/**
 * The tensor from which the views of a batch of clips are made. The frames of a clip are the channels of one image, so that all are cut and mirrored alike.
 *
 * @param clips `[n, frames, h, w, c]`
 * @returns float32 `[n, h, w, frames · c]` in [0, 1]
 */
export function foldFrames(clips: ClipPixels): tf.Tensor4D {
  return toImages(interleave(clips));
}

/**
 * Gives the frames of clips an axis of their own again.
 *
 * @param images `[n, h, w, frames · c]` as {@link foldFrames} gives them
 * @param clipLength the frames of a clip
 * @returns `[n, frames, h, w, c]`
 */
export function unfoldFrames(images: tf.Tensor4D, clipLength: number): tf.Tensor5D {
  const [n, height, width, folded] = images.shape;
  const channels = folded / clipLength;
  return tf.tidy(() => {
    const frames = tf.transpose(tf.reshape(images, [n, height * width, clipLength, channels]), [0, 2, 1, 3]); // [n, frames, h·w, c]
    return tf.reshape<tf.Rank.R5>(frames, [n, clipLength, height, width, channels]);
  });
}

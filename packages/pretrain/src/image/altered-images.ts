import { adjustColors, gaussianFilter, horizontalFlip, resizedCrop } from '@selfsup/augment';
import { createRng, drawUniform } from '@selfsup/core';
import { toImages, type ImagePixels } from '@selfsup/data';
import * as tf from '@tensorflow/tfjs-core';
import type { AlteredCopiesOptions } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { asImages, type ImageSamples } from './image-samples.ts';

/** A slight change of one image `[1, h, w, c]`, decided by four numbers in [0, 1). */
type Change = (image: tf.Tensor4D, draws: Float32Array) => tf.Tensor4D;

/** What people and programs do to a picture that stays the same picture: cut, recolored, compressed, mirrored. */
const CHANGES: readonly Change[] = [
  (image, [a, b, c]) => {
    const side = 0.85 + 0.1 * a!;
    const [y, x] = [(1 - side) * b!, (1 - side) * c!];
    return resizedCrop(image, [y, x, y + side, x + side], { size: [image.shape[1], image.shape[2]] });
  },
  (image, [a, b, c]) => adjustColors(image, [{ brightness: 0.85 + 0.3 * a!, contrast: 0.85 + 0.3 * b!, saturation: 0.7 + 0.6 * c! }]),
  // what is lost in compression: fine detail, and values between steps
  (image, [a]) => tf.div(tf.round(tf.mul(gaussianFilter(image, [(0.4 + 0.2 * a!) * Math.max(1, image.shape[1] / 64)]), 32)), 32),
  (image) => horizontalFlip(image, [true]),
];

async function change(pixels: ImagePixels, places: readonly number[], seed: number): Promise<Uint8Array> {
  const [, height, width, channels] = pixels.shape;
  const size = height * width * channels;
  const out = new Uint8Array(pixels.pixels.length);
  for (const [row, place] of places.entries()) {
    const altered = tf.tidy(() => {
      const image = toImages({ pixels: pixels.pixels.subarray(row * size, (row + 1) * size), shape: [1, height, width, channels] });
      const changed = CHANGES[place % CHANGES.length]!(image, drawUniform(createRng(seed).fold('altered').fold(place), 4));
      return tf.round(tf.clipByValue(tf.mul(changed, 255), 0, 255));
    });
    out.set(await altered.data(), row * size);
    altered.dispose();
  }
  return out;
}

/**
 * Copies of images as near-duplicates are: each is cut by a few percent, recolored, blurred or mirrored, in turn.
 *
 * @param samples images
 * @param options see {@link AlteredCopiesOptions}
 * @returns as many images as there are indices, changed when they are read
 */
export function alteredImages(samples: Samples, { indices, seed }: AlteredCopiesOptions): ImageSamples {
  const images = asImages(samples);
  const chosen = Int32Array.from(indices);
  const { name, height, width, channels } = images;
  return {
    ...{ name: `${name} (altered)`, length: chosen.length, height, width, channels },
    async read(rows) {
      const asked = Array.from(rows);
      const found = await images.read(asked.map((row) => chosen[row]!));
      const places: number[] = [];
      for (const row of asked) if (found.indices[places.length] === chosen[row]) places.push(row); // without those that cannot be read
      return { pixels: await change(found, places, seed), shape: found.shape, indices: Int32Array.from(places) };
    },
  };
}

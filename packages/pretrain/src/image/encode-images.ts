import * as tf from '@tensorflow/tfjs-core';
import { normalize } from '@selfsup/augment';
import { createRng, type Module } from '@selfsup/core';
import { toImages } from '@selfsup/data';
import { extractFeatures } from '@selfsup/evaluate';
import type { AnyModule, EncodeOptions, Features } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { imageInputOf } from './image-input.ts';
import { asImages } from './image-samples.ts';

/** Images per forward pass: 250 of up to 64 pixels; of larger ones fewer, so that no pass takes more memory. */
export const encodeBatchOf = ({ height, width }: { readonly height: number; readonly width: number }): number =>
  Math.max(1, Math.min(250, Math.floor((250 * 64 * 64) / (height * width))));

/** Which of so many samples: those that are asked for, or all. */
export const chosenIndices = (length: number, indices: ArrayLike<number> | undefined): Int32Array =>
  indices ? Int32Array.from(indices) : Int32Array.from({ length }, (_, i) => i);

/**
 * Encodes images with a network as at inference, 250 at a time.
 *
 * @param encoder from normalized images `[n, h, w, c]` to `[n, dim]`
 * @param samples images; those that cannot be decoded are left out
 * @param options see {@link EncodeOptions}
 * @returns see {@link Features}
 */
export async function encodeImages(encoder: AnyModule, samples: Samples, options: EncodeOptions): Promise<Features> {
  const images = asImages(samples);
  const { progress, signal } = options;
  const { mean, std } = imageInputOf(options.input);
  const chosen = chosenIndices(images.length, options.indices);
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  const stage = progress.stage(options.stage, { total: chosen.length, unit: 'images' });
  const indices: number[] = [];
  async function* batches() {
    const size = encodeBatchOf(images);
    for (let first = 0; first < chosen.length; first += size) {
      const batch = chosen.subarray(first, first + size);
      const pixels = await images.read(batch);
      if (pixels.indices.length === 0) continue;
      for (const index of pixels.indices) indices.push(index);
      yield tf.tidy(() => standardize(toImages(pixels), unused)); // [n, h, w, c]
      stage.update(first + batch.length);
    }
  }
  try {
    const { data, shape } = await extractFeatures(encoder as Module<tf.Tensor4D>, batches(), { ...(signal && { signal }) });
    return { data, shape, indices: Int32Array.from(indices) };
  } finally {
    stage.end();
  }
}

/** The side to which images are shrunk before their raw pixels are compared. */
const RAW_SIDE = 64;

/** An encoder that gives the pixels themselves: normalized, of images above 64 pixels averaged in whole blocks, in one row per image. */
export const rawPixels: AnyModule = {
  trainable: {},
  buffers: {},
  dispose: () => undefined,
  apply: (input) =>
    tf.tidy(() => {
      const images = input as tf.Tensor4D;
      const block = Math.ceil(Math.max(images.shape[1], images.shape[2]) / RAW_SIDE);
      const small = block > 1 ? tf.avgPool(images, block, block, 'valid') : images; // [n, h / block, w / block, c]
      return tf.reshape(small, [images.shape[0], -1]); // [n, h / block * w / block * c]
    }),
};

import * as tf from '@tensorflow/tfjs-core';
import { normalize } from '@selfsup/augment';
import { createRng, type Module } from '@selfsup/core';
import { toImages } from '@selfsup/data';
import { extractFeatureBatches } from '@selfsup/evaluate';
import { gatherFeatures } from '../gather-features.ts';
import type { AnyModule, EncodeOptions, Features } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { imageInputOf } from './image-input.ts';
import { asImages } from './image-samples.ts';

/** Images per forward pass: 250 of up to 64 pixels; of larger ones fewer, so that no pass takes more memory. */
export const encodeBatchOf = ({ height, width }: { readonly height: number; readonly width: number }): number =>
  Math.max(1, Math.min(250, Math.floor((250 * 64 * 64) / (height * width))));

/** The same of samples. */
export const imageBatchSize = (samples: Samples): number => encodeBatchOf(asImages(samples));

/** Which of so many samples: those that are asked for, or all. */
export const chosenIndices = (length: number, indices: ArrayLike<number> | undefined): Int32Array =>
  indices ? Int32Array.from(indices) : Int32Array.from({ length }, (_, i) => i);

/**
 * Encodes images with a network as at inference, 250 at a time.
 *
 * @param encoder from normalized images `[n, h, w, c]` to `[n, dim]`
 * @param samples images; those that cannot be decoded are left out
 * @param options see {@link EncodeOptions}
 * @returns the features of one batch after the other; see {@link Features}
 */
export async function* encodeImageBatches(
  encoder: AnyModule,
  samples: Samples,
  options: EncodeOptions,
): AsyncGenerator<Features, void, void> {
  const images = asImages(samples);
  const { progress, signal } = options;
  const { mean, std } = imageInputOf(options.input);
  const chosen = options.indices && Int32Array.from(options.indices);
  const total = chosen?.length ?? images.length;
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  const stage = progress.stage(options.stage, { total, unit: 'images' });
  let read = new Int32Array(0);
  async function* batches() {
    const size = encodeBatchOf(images);
    for (let first = 0; first < total; first += size) {
      const length = Math.min(size, total - first);
      const batch = chosen ? chosen.subarray(first, first + length) : Int32Array.from({ length }, (_, i) => first + i);
      const pixels = await images.read(batch);
      if (pixels.indices.length === 0) continue;
      read = Int32Array.from(pixels.indices);
      yield tf.tidy(() => standardize(toImages(pixels), unused)); // [n, h, w, c]
      stage.update(first + length);
    }
  }
  try {
    for await (const part of extractFeatureBatches(encoder as Module<tf.Tensor4D>, batches(), { ...(signal && { signal }) }))
      yield { ...part, indices: read };
  } finally {
    stage.end();
  }
}

/**
 * Encodes images with a network as at inference.
 *
 * @param encoder from normalized images `[n, h, w, c]` to `[n, dim]`
 * @param samples images; those that cannot be decoded are left out
 * @param options see {@link EncodeOptions}
 * @returns see {@link Features}
 * @throws SelfsupError `SELFSUP_DATA` when no image can be read
 */
export const encodeImages = (encoder: AnyModule, samples: Samples, options: EncodeOptions): Promise<Features> =>
  gatherFeatures(encodeImageBatches(encoder, samples, options), samples.name);

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

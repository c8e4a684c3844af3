import * as tf from '@tensorflow/tfjs-core';
import { normalize } from '@selfsup/augment';
import { createRng, type Module } from '@selfsup/core';
import { extractFeatures } from '@selfsup/evaluate';
import { toImages, type ImageDataset } from '@selfsup/data';
import type { Output } from './output/output.ts';

/** Rows of numbers that stand for images. */
export interface Features {
  /** `[rows, dim]`, row-major. */
  readonly data: Float32Array;
  /** `[rows, dim]`. */
  readonly shape: readonly [rows: number, dim: number];
  /** `[rows]`: which image of the data set each row stands for. */
  readonly indices: Int32Array;
}

/** Options of {@link encodeImages}. */
export interface EncodeImagesOptions {
  /** Per channel, as in training. */
  mean: readonly number[];
  /** Per channel, as in training. */
  std: readonly number[];
  /** Shows progress. */
  output: Output;
  /** What the progress is called. */
  stage: string;
  /** Images per forward pass; default 250. */
  batchSize?: number;
}

/** A network from normalized images `[n, h, w, c]` to features `[n, dim]`. */
export type Encoder = Module<tf.Tensor4D, tf.Tensor2D>;

/** The side to which images are shrunk before their raw pixels are compared. */
const RAW_SIDE = 64;

/** An encoder that gives the pixels themselves: normalized, of images above 64 pixels averaged in whole blocks, in one row per image. */
export const rawPixels: Encoder = {
  trainable: {},
  buffers: {},
  dispose: () => undefined,
  apply: (images) =>
    tf.tidy(() => {
      const block = Math.ceil(Math.max(images.shape[1], images.shape[2]) / RAW_SIDE);
      const small = block > 1 ? tf.avgPool(images, block, block, 'valid') : images; // [n, h / block, w / block, c]
      return tf.reshape(small, [images.shape[0], -1]); // [n, h / block * w / block * c]
    }),
};

/**
 * Encodes images with a network as at inference.
 *
 * @param encoder from normalized `[n, h, w, c]` to `[n, dim]`
 * @param dataset the images, in order; those that cannot be decoded are left out
 * @param options see {@link EncodeImagesOptions}
 * @returns see {@link Features}
 */
export async function encodeImages(encoder: Encoder, dataset: ImageDataset, options: EncodeImagesOptions): Promise<Features> {
  const { mean, std, output, stage: name, batchSize = 250 } = options;
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  const stage = output.stage(name, { total: dataset.length, unit: 'images' });
  const indices: number[] = [];
  async function* batches() {
    for (let first = 0; first < dataset.length; first += batchSize) {
      const size = Math.min(batchSize, dataset.length - first);
      const pixels = await dataset.read(Array.from({ length: size }, (_, i) => first + i));
      if (pixels.indices.length === 0) continue;
      indices.push(...pixels.indices);
      yield tf.tidy(() => standardize(toImages(pixels), unused)); // [n, h, w, c]
      stage.update(first + size);
    }
  }
  const { data, shape } = await extractFeatures(encoder, batches());
  stage.end();
  return { data, shape, indices: Int32Array.from(indices) };
}

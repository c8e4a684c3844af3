import { drawUniform, type Rng } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';

/** How {@link samplePatches} samples. */
export interface SamplePatchesOptions {
  /** Height and width of a patch in pixels. */
  size: number;
  /** Zeros around the images, in pixels; default 0. */
  padding?: number;
  /** How many patches; patch p comes from image p modulo the number of images. */
  count: number;
  /** The stream of the places. */
  rng: Rng;
}

/**
 * Square patches from random places of images and the zeros around them.
 *
 * @param batches float32 `[n, height, width, channels]` each; they stay the caller's
 * @param options see {@link SamplePatchesOptions}
 * @returns `[count, size²·channels]`, the values of a patch in the order (row, column, channel)
 */
export async function samplePatches(batches: readonly tf.Tensor4D[], options: SamplePatchesOptions): Promise<Float32Array> {
  const { size, padding = 0, count, rng } = options;
  const [, height, width, channels] = batches[0]!.shape;
  const numImages = batches.reduce((sum, batch) => sum + batch.shape[0], 0);
  const [rows, columns] = [height + 2 * padding - size + 1, width + 2 * padding - size + 1]; // places
  const draws = drawUniform(rng, 2 * count);
  const dim = size * size * channels;
  const patches = new Float32Array(count * dim);
  let before = 0;
  for (const batch of batches) {
    const n = batch.shape[0];
    const pixels = await batch.data<'float32'>();
    for (let image = 0; image < n; image++)
      for (let p = before + image; p < count; p += numImages) {
        const y = Math.floor(draws[2 * p]! * rows) - padding;
        const x = Math.floor(draws[2 * p + 1]! * columns) - padding;
        const [from, to] = [Math.max(0, x), Math.min(width, x + size)];
        for (let row = Math.max(0, y); row < Math.min(height, y + size); row++) {
          const line = (image * height + row) * width;
          const target = p * dim + ((row - y) * size + from - x) * channels;
          patches.set(pixels.subarray((line + from) * channels, (line + to) * channels), target);
        }
      }
    before += n;
  }
  return patches;
}

import * as tf from '@tensorflow/tfjs-core';
import { createRng, nextTurn, type Batch } from '@selfsup/core';
import type { ImagePixels } from '@selfsup/data';
import type { FeatureMatrix } from '@selfsup/evaluate';
import type { PrepareContext } from '@selfsup/trainer';
import type { AnyModule, EncodeOptions } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { chosenIndices, encodeBatchOf } from './encode-images.ts';
import { asImages } from './image-samples.ts';

/** Options of {@link encodeViews}. */
export interface EncodeViewsOptions extends EncodeOptions {
  /** Makes the task's batch. */
  readonly prepare: (raw: ImagePixels, context: PrepareContext) => Batch;
  /** The seed of the views, which are always the same. */
  readonly seed: number;
}

/** The first two views of a batch, when the task trains on views of one size. */
function viewsOf(batch: Batch): [tf.Tensor4D, tf.Tensor4D] | undefined {
  const { views } = batch as { views?: readonly tf.Tensor4D[] };
  const [first, second] = Array.isArray(views) ? (views as readonly tf.Tensor4D[]) : [];
  return first?.rank === 4 && second?.rank === 4 && first.shape.join() === second.shape.join() ? [first, second] : undefined;
}

function join(parts: readonly Float32Array[], rows: number, dim: number): FeatureMatrix {
  const data = new Float32Array(rows * dim);
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return { data, shape: [rows, dim] };
}

/**
 * Features of two views of images, as the task makes them in training.
 *
 * @param encoder from views `[n, h, w, c]` to `[n, dim]`
 * @param samples images
 * @param options see {@link EncodeViewsOptions}
 * @returns row i of both is of the same image; undefined where the task has no two views of one size
 */
export async function encodeViews(
  encoder: AnyModule,
  samples: Samples,
  options: EncodeViewsOptions,
): Promise<readonly [FeatureMatrix, FeatureMatrix] | undefined> {
  const images = asImages(samples);
  const { prepare, seed, signal } = options;
  const chosen = chosenIndices(images.length, options.indices);
  const parts: [Float32Array[], Float32Array[]] = [[], []];
  let [rows, dim] = [0, 0];
  const size = encodeBatchOf(images);
  for (let first = 0; first < chosen.length; first += size) {
    await nextTurn();
    signal?.throwIfAborted();
    const pixels = await images.read(chosen.subarray(first, first + size));
    if (pixels.indices.length === 0) continue;
    const encoded = tf.tidy(() => {
      const views = viewsOf(prepare(pixels, { rng: createRng(seed).fold('health').fold(first), step: 0, epoch: 0 }));
      return views?.map((view) => tf.clone(encoder.apply(view, { training: false }))); // each [n, dim]
    });
    if (!encoded) return undefined;
    [rows, dim] = [rows + encoded[0]!.shape[0], encoded[0]!.shape[1]!];
    for (const [i, features] of encoded.entries()) parts[i]!.push(Float32Array.from(await features.data()));
    tf.dispose(encoded);
  }
  return [join(parts[0], rows, dim), join(parts[1], rows, dim)];
}

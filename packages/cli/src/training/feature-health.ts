import * as tf from '@tensorflow/tfjs-core';
import { createRng, drawPermutation, type Batch, type Module } from '@selfsup/core';
import { subset, type ImageDataset, type ImagePixels } from '@selfsup/data';
import { representationHealth, type FeatureMatrix, type RepresentationHealth } from '@selfsup/evaluate';
import type { PrepareContext } from '@selfsup/trainer';
import { encodeImages } from '../encode-images.ts';
import type { OpenedData } from '../open-data.ts';
import type { Output } from '../output/output.ts';

/** What {@link createFeatureHealth} asks of a run. */
export interface EncodingRun {
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  /** The task's batch of images; absent where it takes clips. */
  readonly prepare?: (pixels: ImagePixels, context: PrepareContext) => Batch;
}

/** Measures the features of a run's encoder, always on the same images and views; undefined with fewer than 2 images. */
export type FeatureHealth = (what: string) => Promise<RepresentationHealth | undefined>;

/** Images that are measured at most. */
const IMAGES = 1000;
const BATCH = 250;

/** The first two views of a batch, when the task trains on views of one size. */
function viewsOf(batch: Batch): [tf.Tensor4D, tf.Tensor4D] | undefined {
  const { views } = batch as { views?: readonly tf.Tensor4D[] };
  const [first, second] = Array.isArray(views) ? (views as readonly tf.Tensor4D[]) : [];
  return first?.rank === 4 && second?.rank === 4 && first.shape.join() === second.shape.join() ? [first, second] : undefined;
}

/** Features of the run's own views of the images, or undefined where the task has none. */
async function encodeViews(
  { backbone, prepare }: EncodingRun,
  images: ImageDataset,
  seed: number,
): Promise<[FeatureMatrix, FeatureMatrix] | undefined> {
  if (!prepare) return undefined;
  const parts: [Float32Array[], Float32Array[]] = [[], []];
  let [rows, dim] = [0, 0];
  for (let first = 0; first < images.length; first += BATCH) {
    const pixels = await images.read(Array.from({ length: Math.min(BATCH, images.length - first) }, (_, i) => first + i));
    if (pixels.indices.length === 0) continue;
    const encoded = tf.tidy(() => {
      const views = viewsOf(prepare(pixels, { rng: createRng(seed).fold('health').fold(first), step: 0, epoch: 0 }));
      return views?.map((view) => tf.clone(backbone.apply(view, { training: false }))); // each [n, dim]
    });
    if (!encoded) return undefined;
    [rows, dim] = [rows + encoded[0]!.shape[0], encoded[0]!.shape[1]];
    for (const [i, features] of encoded.entries()) parts[i]!.push(Float32Array.from(await features.data()));
    tf.dispose(encoded);
  }
  const join = (arrays: readonly Float32Array[]): FeatureMatrix => {
    const data = new Float32Array(rows * dim);
    let offset = 0;
    for (const array of arrays) {
      data.set(array, offset);
      offset += array.length;
    }
    return { data, shape: [rows, dim] };
  };
  return [join(parts[0]), join(parts[1])];
}

/**
 * Prepares the measurement of an encoder's features: of up to 1,000 test images, or of training images where there are none.
 *
 * @param run the encoder, and the views by which the alignment is measured
 * @param options the images, the run's seed, and where to show progress
 * @returns see {@link FeatureHealth}
 */
export function createFeatureHealth(
  run: EncodingRun,
  options: { data: Pick<OpenedData, 'train' | 'test' | 'mean' | 'std'>; seed: number; output: Output },
): FeatureHealth {
  const { data, seed, output } = options;
  const { mean, std } = data;
  const all = data.test && data.test.length >= 2 ? data.test : data.train;
  const chosen = drawPermutation(createRng(seed).fold('health'), all.length).slice(0, IMAGES).sort();
  const images = all.length <= IMAGES ? all : subset(all, chosen);
  return async (what) => {
    const features = await encodeImages(run.backbone, images, {
      mean,
      std,
      output,
      stage: `Measuring features (${what})`,
      batchSize: BATCH,
    });
    if (features.shape[0] < 2) return undefined;
    return representationHealth(features, { views: await encodeViews(run, images, seed) });
  };
}

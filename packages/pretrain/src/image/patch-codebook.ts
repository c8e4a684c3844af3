import { normalize } from '@selfsup/augment';
import { countOf, createRng, drawPermutation, drawUniform, patchify, SelfsupError, takeRows } from '@selfsup/core';
import { toImages } from '@selfsup/data';
import { kMeans, type FeatureMatrix } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import type { Stage } from '../progress.ts';
import type { LearnContext } from '../task-recipe.ts';
import { imageInputOf } from './image-input.ts';
import { asImages } from './image-samples.ts';

/** Images whose patches are looked at, patches, and rounds of k-means at most. */
const [IMAGES, PATCHES, ROUNDS] = [1000, 20_000, 20];
/** Images that are encoded at a time. */
const CHUNK = 100;

/** What decides a codebook. */
export interface PatchCodebookOptions {
  /** Of the encoder that learns the tokens, in pixels. */
  readonly patchSize: number;
  /** How many tokens it has. */
  readonly vocabularySize: number;
  /** What of an image is clustered: normalized images `[n, h, w, c]` to one row for each patch, float32 `[n, length, dim]`; default the patches themselves. */
  readonly describe?: ((images: tf.Tensor4D) => tf.Tensor3D) | undefined;
}

/**
 * A vocabulary of patches: the centers of k-means among patches of the training images, standardized as the encoder takes them, or among what says more of them.
 *
 * @param context what a recipe learns from
 * @param options see {@link PatchCodebookOptions}
 * @returns float32 `[vocabularySize, patchSize²·channels]`, or `[vocabularySize, dim]`
 * @throws SelfsupError `SELFSUP_DATA` when the images have fewer patches than the vocabulary tokens
 */
export async function patchCodebook(
  { samples, input, rng, progress, signal }: Pick<LearnContext, 'samples' | 'input' | 'rng' | 'progress' | 'signal'>,
  { patchSize, vocabularySize, describe = (given) => patchify(given, { patchSize }) }: PatchCodebookOptions,
): Promise<Float32Array> {
  const images = asImages(samples);
  const { mean, std } = imageInputOf(input);
  const chosen = drawPermutation(rng.fold('images'), images.length).slice(0, IMAGES).sort();
  const pixels = await images.read(chosen);
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const all: tf.Tensor2D[] = [];
  let rows: tf.Tensor2D;
  try {
    for (let first = 0; first < pixels.shape[0]; first += CHUNK) {
      signal?.throwIfAborted();
      all.push(
        tf.tidy(() => {
          const whole = toImages(pixels);
          const some = tf.slice(whole, [first, 0, 0, 0], [Math.min(CHUNK, whole.shape[0] - first), ...whole.shape.slice(1)] as [number]);
          const described = describe(standardize(some, createRng(0))); // normalizing draws nothing
          return tf.reshape<tf.Rank.R2>(described, [-1, described.shape[2]]);
        }),
      );
    }
    rows = tf.tidy(() => {
      const joined = tf.concat(all, 0);
      const some = drawPermutation(rng.fold('patches'), joined.shape[0]).slice(0, PATCHES);
      return takeRows(joined, tf.tensor1d(some, 'int32')) as tf.Tensor2D;
    });
  } finally {
    tf.dispose(all);
  }
  let stage: Stage | undefined;
  try {
    const [count] = rows.shape;
    if (count < vocabularySize)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `the images of ${samples.name} have ${countOf(count, 'patches')} of ${patchSize} pixels, too few for a vocabulary of ${vocabularySize}; give more images, or a smaller \`vocabularySize\``,
      );
    const features: FeatureMatrix = { data: await rows.data<'float32'>(), shape: rows.shape };
    stage = progress.stage('Learning a vocabulary of patches', { total: ROUNDS, unit: 'rounds of k-means' });
    const seed = Math.floor(drawUniform(rng.fold('seed'), 1)[0]! * 2 ** 31);
    const { centers } = await kMeans(features, {
      count: vocabularySize,
      seed,
      maxIterations: ROUNDS,
      onProgress: (round) => stage?.update(round),
    });
    return centers.data;
  } finally {
    rows.dispose();
    stage?.end();
  }
}

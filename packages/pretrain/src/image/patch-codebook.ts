import { normalize } from '@selfsup/augment';
import { createRng, drawPermutation, drawUniform, patchify, SelfsupError, takeRows } from '@selfsup/core';
import { toImages } from '@selfsup/data';
import { kMeans, type FeatureMatrix } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import type { Stage } from '../progress.ts';
import type { LearnContext } from '../task-recipe.ts';
import { imageInputOf } from './image-input.ts';
import { asImages } from './image-samples.ts';

/** Images whose patches are looked at, patches, and rounds of k-means at most. */
const [IMAGES, PATCHES, ROUNDS] = [1000, 20_000, 20];

/**
 * A vocabulary of patches: the centers of k-means among patches of the training images, standardized as the encoder takes them.
 *
 * @param context what a recipe learns from
 * @param options `patchSize` in pixels, and how many tokens the vocabulary has
 * @returns float32 `[vocabularySize, patchSize²·channels]`
 * @throws SelfsupError `SELFSUP_DATA` when the images have fewer patches than the vocabulary tokens
 */
export async function patchCodebook(
  { samples, input, rng, progress }: Pick<LearnContext, 'samples' | 'input' | 'rng' | 'progress'>,
  { patchSize, vocabularySize }: { patchSize: number; vocabularySize: number },
): Promise<Float32Array> {
  const images = asImages(samples);
  const { mean, std } = imageInputOf(input);
  const chosen = drawPermutation(rng.fold('images'), images.length).slice(0, IMAGES).sort();
  const pixels = await images.read(chosen);
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const rows = tf.tidy(() => {
    const patches = patchify(standardize(toImages(pixels), createRng(0)), { patchSize }); // normalizing draws nothing
    const all = tf.reshape<tf.Rank.R2>(patches, [-1, patches.shape[2]]);
    const some = drawPermutation(rng.fold('patches'), all.shape[0]).slice(0, PATCHES);
    return takeRows(all, tf.tensor1d(some, 'int32')) as tf.Tensor2D;
  });
  let stage: Stage | undefined;
  try {
    const [count] = rows.shape;
    if (count < vocabularySize)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `the images of ${samples.name} have ${count} patches of ${patchSize} pixels, too few for a vocabulary of ${vocabularySize}; give more images, or a smaller \`vocabularySize\``,
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

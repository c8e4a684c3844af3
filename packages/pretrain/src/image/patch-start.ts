import { normalize } from '@selfsup/augment';
import { createRng, drawPermutation, isSelfsupError, SelfsupError } from '@selfsup/core';
import { toImages } from '@selfsup/data';
import { startFromPatches, type PatchEncoder } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { StartRecipe } from '../encoder-recipe.ts';
import type { Stage } from '../progress.ts';
import { imageInputOf } from './image-input.ts';
import { asImages } from './image-samples.ts';

/** Images whose patches are looked at. */
const IMAGES = 300;

/** Kernels from whitened patches of the images by k-means, see `startFromPatches` of `@selfsup/encoders`. */
export const patchStart: StartRecipe<PatchEncoder> = {
  name: 'patches',
  title: 'kernels from the patches of the images, layer by layer, by whitening and k-means',
  async apply(encoder, { samples, input, rng, progress, signal }) {
    const images = asImages(samples);
    const { mean, std } = imageInputOf(input);
    const chosen = drawPermutation(rng.fold('images'), images.length).slice(0, IMAGES).sort();
    const pixels = await images.read(chosen);
    const standardize = normalize({ mean: [...mean], std: [...std] });
    const standardized = tf.tidy(() => standardize(toImages(pixels), createRng(0))); // normalizing draws nothing
    let stage: Stage | undefined;
    try {
      await startFromPatches(encoder, standardized, {
        rng: rng.fold('patches'),
        ...(signal && { signal }),
        onProgress: ({ index, numKernels, round, numRounds }) => {
          stage ??= progress.stage('Starting from patches', { total: numKernels * numRounds, unit: 'rounds of k-means' });
          stage.update(index * numRounds + round);
        },
      });
    } catch (error) {
      if (!isSelfsupError(error) || error.code !== 'SELFSUP_DATA') throw error;
      throw new SelfsupError(
        'SELFSUP_DATA',
        `the images of ${samples.name} are all alike or of one color each, so \`start\` patches finds nothing in them; give other images, or begin with \`start\` random`,
        { cause: error },
      );
    } finally {
      standardized.dispose();
      stage?.end();
    }
  },
};

import * as tf from '@tensorflow/tfjs-core';
import { createRng, SelfsupError, type Rng } from '@selfsup/core';
import type { PatchTokenizer } from './codebook-tokenizer.ts';
import { nearestRows } from './nearest-rows.ts';
import { patchStates, type PatchEncoder } from './patch-networks.ts';
import { teacherImages, type TeacherImages } from './teacher-images.ts';

/** Options of {@link encoderTokenizer}. */
export interface EncoderTokenizerOptions {
  /** Makes the trained encoder, with its weights: it never changes. */
  encoder: (rng: Rng) => PatchEncoder;
  /** Float32 `[vocabularySize, width]`, row-major: states of its patches, such as centers of k-means among them. */
  codebook: Float32Array;
  /** How many tokens there are; an integer ≥ 2. */
  vocabularySize: number;
  /** What the encoder takes where it was trained on images of other statistics, size or channels; default the images as they are. */
  images?: TeacherImages;
}

/** What {@link describePatches} needs beside the images. */
export interface DescribePatchesOptions extends Pick<EncoderTokenizerOptions, 'images'> {
  /** The trained encoder. */
  encoder: PatchEncoder;
  /** How many patches an image has where they get their tokens. */
  length: number;
}

/**
 * What a trained encoder says of each patch, as at inference: what the rows of a codebook for {@link encoderTokenizer} are clustered from.
 *
 * @param images float32 `[n, height, width, channels]`, as the network sees them that learns the tokens
 * @param options see {@link DescribePatchesOptions}
 * @returns float32 `[n, length, width]`
 * @throws SelfsupError `SELFSUP_OPTION` when the encoder has another number of patches
 */
export function describePatches(images: tf.Tensor4D, { encoder, length, images: taken }: DescribePatchesOptions): tf.Tensor3D {
  return tf.tidy(() => {
    const seen = taken ? teacherImages(images, taken) : images;
    const own = (seen.shape[1] / encoder.patchSize) * (seen.shape[2] / encoder.patchSize);
    if (own !== length)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `encoderTokenizer: \`encoder\` must have ${length} patches like the network that learns its tokens, got ${own} of ${encoder.patchSize} pixels; choose a patch size that makes as many`,
      );
    return patchStates(encoder.encode({ images: seen }, { training: false }), length);
  });
}

/**
 * A tokenizer by a trained encoder: the token of a patch is the row of a codebook that is nearest to the encoder's state of it, in squared distance.
 *
 * @param options see {@link EncoderTokenizerOptions}
 * @returns a factory of tokenizers with the buffer `codebook` `[vocabularySize, width]`; the encoder's variables are frozen, under `encoder/`
 * @throws SelfsupError `SELFSUP_OPTION` on a vocabulary below 2 tokens or one that does not divide the codebook; from `tokenIds` `SELFSUP_OPTION` when the
 * encoder has another number of patches or of columns
 * @see Bao et al.: "BEiT: BERT Pre-Training of Image Transformers", section 2.1, https://arxiv.org/abs/2106.08254; Peng et al.: "BEiT v2",
 * https://arxiv.org/abs/2208.06366, for tokens by an encoder that knows what is seen
 * @remarks The encoder may be of `vqTokenizer`, whose states lie around codes, or any other Vision Transformer.
 * @example
 * ```ts
 * import { vit } from '@selfsup/encoders';
 * import { encoderTokenizer } from '@selfsup/pretext-tasks/beit';
 * const encoder = vit({ imageSize: 32, patchSize: 4, numLayers: 2, width: 8, numHeads: 2 }); // a real one comes with its weights
 * const codebook = Float32Array.from({ length: 16 * 8 }, () => Math.random()); // better: `kMeans` of @selfsup/evaluate on its states
 * const tokenizer = encoderTokenizer({ encoder, codebook, vocabularySize: 16 });
 * ```
 */
export function encoderTokenizer(options: EncoderTokenizerOptions): () => PatchTokenizer {
  const { codebook, vocabularySize, images: taken } = options;
  const dim = codebook.length / vocabularySize;
  if (!Number.isSafeInteger(vocabularySize) || vocabularySize < 2)
    throw new SelfsupError('SELFSUP_OPTION', `encoderTokenizer: \`vocabularySize\` must be an integer >= 2, got ${vocabularySize}`);
  if (!Number.isInteger(dim) || dim < 1)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `encoderTokenizer: \`codebook\` must have as many values for each of ${vocabularySize} tokens, got ${codebook.length}`,
    );
  return () => {
    const encoder = options.encoder(createRng(0));
    const codes = tf.tidy(() => tf.variable(tf.tensor2d(codebook, [vocabularySize, dim]), false));
    const variables = Object.entries({ ...encoder.trainable, ...encoder.buffers });
    return {
      vocabularySize,
      buffers: { codebook: codes },
      frozen: Object.fromEntries(variables.map(([path, variable]) => [`encoder/${path}`, variable])),
      tokenIds: (images, patchSize) =>
        tf.tidy(() => {
          const length = (images.shape[1] / patchSize) * (images.shape[2] / patchSize);
          const states = describePatches(images, { encoder, length, ...(taken && { images: taken }) });
          const rows = tf.reshape<tf.Rank.R2>(states, [-1, states.shape[2]]); // [n · length, width]
          if (rows.shape[1] !== dim)
            throw new SelfsupError(
              'SELFSUP_OPTION',
              `encoderTokenizer: \`codebook\` must have rows of ${rows.shape[1]} values, the columns of \`encoder\`, got ${dim}`,
            );
          return nearestRows(rows, codes);
        }),
      dispose() {
        encoder.dispose();
        codes.dispose();
      },
    };
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { patchify, SelfsupError, type VariableMap } from '@selfsup/core';
import { nearestRows } from './nearest-rows.ts';

/** What `beit` needs of a tokenizer of images: each patch has a token. {@link codebookTokenizer} and `encoderTokenizer` make one. */
export interface PatchTokenizer {
  /** How many tokens there are. */
  readonly vocabularySize: number;
  /** What must survive a restart: nothing trains it. */
  readonly buffers: VariableMap;
  /** What it needs beside them, which comes from elsewhere and never changes; default nothing. */
  readonly frozen?: VariableMap;
  /** The tokens int32 `[n · length]` of the patches of images float32 `[n, height, width, channels]`, image by image, row by row. */
  tokenIds(images: tf.Tensor4D, patchSize: number): tf.Tensor1D;
  /** Disposes its variables. */
  dispose(): void;
}

/** Options of {@link codebookTokenizer}. */
export interface CodebookTokenizerOptions {
  /** Float32 `[vocabularySize, patchSize²·channels]`, row-major, the values of a patch in the order (row, column, channel): such as centers of k-means. */
  codebook: Float32Array;
  /** How many tokens there are; an integer ≥ 2. */
  vocabularySize: number;
}

/**
 * A tokenizer of patches: the token of a patch is the nearest row of a codebook, in squared distance; of equals the first.
 *
 * @param options see {@link CodebookTokenizerOptions}
 * @returns a factory of tokenizers with the buffer `codebook` `[vocabularySize, patchSize²·channels]`
 * @throws SelfsupError `SELFSUP_OPTION` on a vocabulary below 2 tokens or one that does not divide the codebook; from `tokenIds` `SELFSUP_SHAPE` on patches of
 * another size
 * @example
 * ```ts
 * import { codebookTokenizer } from '@selfsup/pretext-tasks/beit';
 * const black = new Float32Array(4 * 4 * 3); // two tokens for patches of 4 by 4 pixels: dark and bright
 * const tokenizer = codebookTokenizer({ codebook: Float32Array.of(...black, ...black.fill(1)), vocabularySize: 2 });
 * ```
 */
export function codebookTokenizer(options: CodebookTokenizerOptions): () => PatchTokenizer {
  const { codebook, vocabularySize } = options;
  const dim = codebook.length / vocabularySize;
  if (!Number.isSafeInteger(vocabularySize) || vocabularySize < 2)
    throw new SelfsupError('SELFSUP_OPTION', `codebookTokenizer: \`vocabularySize\` must be an integer >= 2, got ${vocabularySize}`);
  if (!Number.isInteger(dim) || dim < 1)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `codebookTokenizer: \`codebook\` must have as many values for each of ${vocabularySize} tokens, got ${codebook.length}`,
    );
  return () => {
    const codes = tf.tidy(() => tf.variable(tf.tensor2d(codebook, [vocabularySize, dim]), false));
    return {
      vocabularySize,
      buffers: { codebook: codes },
      tokenIds: (images, patchSize) =>
        tf.tidy(() => {
          const patches = patchify(images, { patchSize });
          const rows = tf.reshape<tf.Rank.R2>(patches, [-1, patches.shape[2]]); // [n · length, patchDim]
          if (rows.shape[1] !== dim)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `codebookTokenizer: patches must have ${dim} values like the rows of \`codebook\`, got ${rows.shape[1]}`,
            );
          return nearestRows(rows, codes);
        }),
      dispose() {
        codes.dispose();
      },
    };
  };
}

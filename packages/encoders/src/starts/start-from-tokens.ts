import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import type { BertEncoder } from '../bert.ts';
import type { PpmiEmbeddings } from './ppmi-embeddings.ts';

/** Options of {@link startFromTokens}. */
export interface StartFromTokensOptions {
  /** By how much the positions and segments are multiplied, which are added to the words, ≥ 0; default 0.25. */
  positionScale?: number;
}

/**
 * Starts the word embedding of an encoder from vectors that say something, such as those of {@link PpmiEmbeddings}, instead of from noise.
 *
 * @param encoder its word embedding is overwritten, its positions and segments are scaled; all else stays as it is
 * @param start `embeddings` `[vocabularySize, embeddingDim]` row-major; copied
 * @param options see {@link StartFromTokensOptions}
 * @throws SelfsupError `SELFSUP_OPTION` when the values do not fit the encoder, on zeros alone, or on an option out of range; then nothing was written
 * @remarks All rows are multiplied by one number, so that the root mean square of the table stays what it was (0.0176 in a new `bert`): the sum with the
 * positions is normalized, so only ratios count there, and a head that is tied to the table starts with logits as small as before. The positions, as large as
 * the words in a new encoder, would hide them. An encoder that shares its embeddings (see `BertFactory`) changes the other's. Start the bias of a
 * `maskedLanguageHead` by its option `unigram`.
 * @see Kocmi, Bojar: "An Exploration of Word Embedding Initialization in Deep-Learning Tasks", https://arxiv.org/abs/1711.09160
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertTiny, maskedLanguageHead, ppmiEmbeddings, startFromTokens } from '@selfsup/encoders';
 * const documents = [[5, 6, 7], [5, 6, 8], [9, 10, 7], [9, 10, 8]];
 * const factory = bertTiny({ vocabularySize: 11 });
 * const { vocabularySize, embeddingDim: dim, outputDim: width } = factory;
 * const start = await ppmiEmbeddings(documents, { vocabularySize, dim, minDocuments: 1 });
 * const encoder = factory(createRng(0));
 * startFromTokens(encoder, start);
 * const head = maskedLanguageHead({ width, vocabularySize, unigram: start.unigram })(createRng(1));
 * ```
 */
export function startFromTokens(
  encoder: Pick<BertEncoder, 'embeddings'>,
  start: Pick<PpmiEmbeddings, 'embeddings'>,
  options: StartFromTokensOptions = {},
): void {
  const { positionScale = 0.25 } = options;
  const { wordEmbedding, trainable } = encoder.embeddings;
  const [rows, columns] = wordEmbedding.shape;
  const values = start.embeddings;
  if (!(positionScale >= 0 && Number.isFinite(positionScale)))
    throw new SelfsupError('SELFSUP_OPTION', `startFromTokens: \`positionScale\` must be a number >= 0, got ${positionScale}`);
  if (values.length !== rows * columns)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `startFromTokens: \`embeddings\` must have ${rows * columns} values, [${rows}, ${columns}] like the word embedding, got ${values.length}; make them with \`vocabularySize\` ${rows} and \`dim\` ${columns}`,
    );
  let squares = 0;
  for (const value of values) squares += value * value;
  if (!(squares > 0 && Number.isFinite(squares)))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `startFromTokens: \`embeddings\` must be finite and not all 0, got values with a sum of squares of ${squares}`,
    );
  const rms = Math.sqrt(squares / values.length);
  tf.tidy(() => {
    const size = tf.sqrt(tf.mean(tf.square(wordEmbedding))); // of the table as it is, without reading it back
    wordEmbedding.assign(tf.mul<tf.Tensor2D>(tf.tensor2d(values.slice(), [rows, columns]), tf.div(size, rms)));
    for (const path of ['position/weight', 'segment/weight']) trainable[path]!.assign(tf.mul(trainable[path]!, positionScale));
  });
}

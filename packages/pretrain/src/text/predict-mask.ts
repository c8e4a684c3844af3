import { countOf, SelfsupError } from '@selfsup/core';
import { specialTokenId, type Tokenizer } from '@selfsup/data/text';
import type { BertEncoder, MaskedLanguageHead } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { bestTokens, type MaskGuess } from './mask-guess.ts';

/** Options of {@link predictMask}. */
export interface PredictMaskOptions {
  /** The network that reads the text. */
  encoder: Pick<BertEncoder, 'encode' | 'wordEmbedding'>;
  /** Says which words it expects. */
  head: Pick<MaskedLanguageHead, 'predict'>;
  /** Cuts the text into tokens. */
  tokenizer: Tokenizer;
  /** The longest sequence that the encoder takes. */
  maxLength: number;
  /** How many guesses for each place, an integer ≥ 1; default 5. */
  top?: number;
}

/**
 * Says which tokens most probably stand at the hidden places of a text.
 *
 * @param text with at least one mask token, such as `Paris is the [MASK] of France.`
 * @param options see {@link PredictMaskOptions}
 * @returns for each mask, in order, the best guesses, most probable first; special tokens are left out
 * @throws SelfsupError `SELFSUP_OPTION` when the text has no mask or is too long, or `top` is out of range
 */
export async function predictMask(text: string, options: PredictMaskOptions): Promise<MaskGuess[][]> {
  const { encoder, head, tokenizer, maxLength, top = 5 } = options;
  if (!Number.isSafeInteger(top) || top < 1)
    throw new SelfsupError('SELFSUP_OPTION', `predictMask: \`top\` must be an integer >= 1, got ${top}`);
  const maskId = specialTokenId(tokenizer, 'mask');
  const mask = tokenizer.tokenOf(maskId)!;
  const { ids, segmentIds } = tokenizer.encode(text);
  if (ids.length > maxLength)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the text has ${countOf(ids.length, 'tokens')}, the model takes at most ${maxLength}; give a shorter one`,
    );
  const positions = [...ids.keys()].filter((at) => ids[at] === maskId);
  if (positions.length === 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the text has no ${mask}; put it where a word is to be guessed, such as "Paris is the ${mask} of France."`,
    );
  const probabilities = tf.tidy(() => {
    const row = (values: Int32Array) => tf.tensor2d(values, [1, values.length], 'int32');
    const hidden = encoder.encode({ tokenIds: row(ids), segmentIds: row(segmentIds) }, { training: false }); // [1, length, width]
    const logits = head.predict(hidden, { positions: tf.tensor1d(positions, 'int32'), wordEmbedding: encoder.wordEmbedding });
    return tf.softmax(logits); // [masks, vocabularySize]
  });
  const rows = await probabilities.array().finally(() => {
    probabilities.dispose();
  });
  return rows.map((row) =>
    bestTokens(row, { tokenizer, top }).map((id) => ({ token: tokenizer.tokenOf(id) ?? `#${id}`, probability: row[id]! })),
  );
}

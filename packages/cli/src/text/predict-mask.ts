import { SelfsupError } from '@selfsup/core';
import { specialTokenId, type Tokenizer } from '@selfsup/data/text';
import type { BertEncoder, MaskedLanguageHead } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';

/** A token that may stand at a hidden place. */
export interface MaskGuess {
  readonly token: string;
  /** In [0, 1], of the whole vocabulary. */
  readonly probability: number;
}

/** Options of {@link predictMask}. */
export interface PredictMaskOptions {
  encoder: BertEncoder;
  head: Pick<MaskedLanguageHead, 'predict'>;
  tokenizer: Tokenizer;
  /** The longest sequence that the encoder takes. */
  maxLength: number;
  /** How many guesses for each place; default 5. */
  top?: number;
}

/**
 * Says which tokens most probably stand at the hidden places of a text.
 *
 * @param text with at least one mask token, such as `Paris is the [MASK] of France.`
 * @param options see {@link PredictMaskOptions}
 * @returns for each mask, in order, the best guesses, most probable first; special tokens are left out
 * @throws SelfsupError `SELFSUP_OPTION` when the text has no mask or is too long
 */
export function predictMask(text: string, options: PredictMaskOptions): MaskGuess[][] {
  const { encoder, head, tokenizer, maxLength, top = 5 } = options;
  const maskId = specialTokenId(tokenizer, 'mask');
  const { ids, segmentIds } = tokenizer.encode(text);
  if (ids.length > maxLength)
    throw new SelfsupError('SELFSUP_OPTION', `the text has ${ids.length} tokens, the model takes at most ${maxLength}; give a shorter one`);
  const positions = [...ids.keys()].filter((at) => ids[at] === maskId);
  if (positions.length === 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the text has no ${tokenizer.tokenOf(maskId)!}; put it where a word is to be guessed, such as "Paris is the ${tokenizer.tokenOf(maskId)!} of France."`,
    );
  const never = new Set(tokenizer.specialIds);
  const probabilities = tf.tidy(() => {
    const row = (values: Int32Array) => tf.tensor2d(values, [1, values.length], 'int32');
    const hidden = encoder.encode({ tokenIds: row(ids), segmentIds: row(segmentIds) }, { training: false }); // [1, length, width]
    const logits = head.predict(hidden, { positions: tf.tensor1d(positions, 'int32'), wordEmbedding: encoder.wordEmbedding });
    return tf.softmax(logits).arraySync(); // [masks, vocabularySize]
  });
  return probabilities.map((row) =>
    [...row.keys()]
      .filter((id) => !never.has(id))
      .sort((a, b) => row[b]! - row[a]! || a - b)
      .slice(0, top)
      .map((id) => ({ token: tokenizer.tokenOf(id) ?? `#${id}`, probability: row[id]! })),
  );
}

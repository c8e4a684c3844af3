import { SelfsupError } from '@selfsup/core';
import { checkIndices } from '../check-indices.ts';
import { checkLabels } from '../check-labels.ts';
import type { TokenDataset } from './token-dataset.ts';
import { specialTokenId, type Tokenizer } from './tokenizer.ts';

/** Options of {@link arrayTexts}. */
export interface ArrayTextsOptions {
  /** What turns text into tokens. */
  tokenizer: Tokenizer;
  /** Tokens in a sequence, special ones included: longer texts are cut off, shorter ones filled up; default 128. */
  length?: number;
  /** `[n]`: the class of each text, each an integer ≥ 0; default none. */
  labels?: ArrayLike<number>;
  /** The names of the classes, by label; default none. */
  classNames?: readonly string[];
  /** What the data set is called in logs; default `array`. */
  name?: string;
}

/**
 * Makes a data set of texts that are in memory, one sequence each.
 *
 * @param texts the texts
 * @param options see {@link ArrayTextsOptions}
 * @returns the data set; texts are tokenized when it is made
 * @throws SelfsupError `SELFSUP_OPTION` on a length without room for the special tokens; `SELFSUP_SHAPE` and `SELFSUP_DATA` on labels that do not fit;
 *   `SELFSUP_DATA` when the vocabulary has nothing to fill up with
 * @example
 * ```ts
 * import { arrayTexts, wordPieceTokenizer } from '@selfsup/data/text';
 * const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'good', 'bad']);
 * const dataset = arrayTexts(['good', 'bad bad'], { tokenizer, length: 5, labels: [1, 0], classNames: ['negative', 'positive'] });
 * console.log((await dataset.read([1])).tokenIds); // 2, 5, 5, 3, 0
 * ```
 */
export function arrayTexts(texts: readonly string[], options: ArrayTextsOptions): TokenDataset {
  const { tokenizer, length = 128, classNames, name = 'array' } = options;
  if (!Number.isSafeInteger(length) || length < 1)
    throw new SelfsupError('SELFSUP_OPTION', `arrayTexts: \`length\` must be an integer >= 1, got ${length}`);
  const labels =
    options.labels && checkLabels('arrayTexts', options.labels, { length: texts.length, unit: 'text', numClasses: classNames?.length });
  const pad = tokenizer.special.pad ?? tokenizer.special.separator ?? specialTokenId(tokenizer, 'pad');
  const sequences = texts.map((text) => tokenizer.encode(text, { maxLength: length }).ids);
  return {
    name,
    unit: 'sequences',
    length: texts.length,
    sequenceLength: length,
    vocabularySize: tokenizer.vocabularySize,
    ...(labels && { labels }),
    ...(classNames && { classNames }),
    read(indices) {
      checkIndices(`${name}.read`, indices, { length: texts.length, unit: 'sequences' });
      const tokenIds = new Int32Array(indices.length * length).fill(pad); // [n, length]
      const attentionMask = new Int32Array(indices.length * length);
      for (let row = 0; row < indices.length; row++) {
        const ids = sequences[indices[row]!]!;
        tokenIds.set(ids, row * length);
        attentionMask.fill(1, row * length, row * length + ids.length);
      }
      return Promise.resolve({ tokenIds, attentionMask, shape: [indices.length, length], indices: Int32Array.from(indices) });
    },
  };
}

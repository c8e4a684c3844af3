import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkExamples, type LabeledExamples } from './labeled-examples.ts';

/** A batch of token sequences, as long as its longest one, rounded up. A type alias, so that it is a container of tensors. */
export type TokenInput = {
  /** int32 `[batch, length]`. */
  readonly tokenIds: tf.Tensor2D;
  /** int32 `[batch, length]`: 1 where there is a token, 0 where there is filling. */
  readonly attentionMask: tf.Tensor2D;
};

/** Options of {@link tokenClassification}. */
export interface TokenClassificationOptions {
  /** `[n]`: the token ids of each text, special tokens included, at least one. */
  sequences: readonly ArrayLike<number>[];
  /** `[n]`: the class of each text, 0 … numClasses − 1. */
  labels: ArrayLike<number>;
  /** How many classes there are. */
  numClasses: number;
  /** The id that fills a sequence up; default 0. */
  padId?: number;
  /** The longest input: the rest of a longer text is cut off, its last token kept; default as long as the longest text. */
  maxLength?: number;
  /** Batches are as long as their longest text, rounded up to a multiple of it; an integer ≥ 1, default 8. */
  multipleOf?: number;
}

const integer = (name: string, value: number) => {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new SelfsupError('SELFSUP_OPTION', `tokenClassification: \`${name}\` must be an integer >= 1, got ${value}`);
};

/**
 * Token sequences with their classes, for {@link fineTune}.
 *
 * @param options see {@link TokenClassificationOptions}
 * @returns the examples; batches are {@link TokenInput}s, trimmed to their longest sequence
 * @throws SelfsupError `SELFSUP_SHAPE` when sequences and labels differ in number, `SELFSUP_DATA` when there is none or one has no token, `SELFSUP_OPTION`
 * on a label or an option out of range
 * @example
 * ```ts
 * import { tokenClassification } from '@selfsup/evaluate';
 * const train = tokenClassification({ sequences: [[2, 8, 3], [2, 9, 9, 3]], labels: [0, 1], numClasses: 2 });
 * ```
 */
export function tokenClassification(options: TokenClassificationOptions): LabeledExamples<TokenInput> {
  const { sequences, labels, numClasses, padId = 0, multipleOf = 8, maxLength = Infinity } = options;
  if (sequences.length !== labels.length)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `tokenClassification: \`labels\` must have one label for each of ${sequences.length} sequences, got ${labels.length}`,
    );
  checkExamples('tokenClassification', { labels, numClasses });
  integer('multipleOf', multipleOf);
  if (maxLength !== Infinity) integer('maxLength', maxLength);
  const empty = sequences.findIndex((sequence) => sequence.length === 0);
  if (empty >= 0) throw new SelfsupError('SELFSUP_DATA', `tokenClassification: \`sequences[${empty}]\` must have at least one token`);
  const lengths = Int32Array.from(sequences, (sequence) => Math.min(sequence.length, maxLength));
  return {
    labels,
    numClasses,
    cheapOrder: Int32Array.from(lengths.keys()).sort((a, b) => lengths[a]! - lengths[b]! || a - b),
    read(indices) {
      const longest = indices.reduce((most, index) => Math.max(most, lengths[index]!), 1);
      const length = Math.min(Math.ceil(longest / multipleOf) * multipleOf, maxLength);
      const tokenIds = new Int32Array(indices.length * length).fill(padId);
      const attentionMask = new Int32Array(indices.length * length);
      indices.forEach((index, row) => {
        const [sequence, count] = [sequences[index]!, lengths[index]!];
        for (let i = 0; i < count; i++) tokenIds[row * length + i] = sequence[i]!;
        tokenIds[row * length + count - 1] = sequence[sequence.length - 1]!; // the separator ends a text that is cut, too
        attentionMask.fill(1, row * length, row * length + count);
      });
      const shape: [number, number] = [indices.length, length];
      return { tokenIds: tf.tensor2d(tokenIds, shape, 'int32'), attentionMask: tf.tensor2d(attentionMask, shape, 'int32') };
    },
  };
}

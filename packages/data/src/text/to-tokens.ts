import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { TokenRows } from './token-dataset.ts';

/** The tensors of a batch of token sequences, all int32. A type alias, so that it is a batch of a pretext task. */
export type TokenTensors = {
  /** `[n, length]`. */
  readonly tokenIds: tf.Tensor2D;
  /** `[n, length]`: 1 where there is a token, 0 where there is filling. */
  readonly attentionMask: tf.Tensor2D;
  /** `[n, length]`: 0 or 1; only of pairs. */
  readonly segmentIds?: tf.Tensor2D;
  /** `[n]`: 0 where the second text follows, 1 where it is from another document; only of pairs made for next-sentence prediction. */
  readonly nextSentenceLabels?: tf.Tensor1D;
};

/**
 * Makes the tensors of a batch of token sequences.
 *
 * @param rows what a data set or a loader gave
 * @returns int32 tensors; the caller disposes them
 * @throws SelfsupError `SELFSUP_SHAPE` when the number of tokens does not fit the shape
 * @example
 * ```ts
 * import { toTokens } from '@selfsup/data/text';
 * const batch = toTokens({ tokenIds: Int32Array.of(2, 8, 3), attentionMask: Int32Array.of(1, 1, 1), shape: [1, 3] });
 * console.log(batch.tokenIds.shape); // [1, 3]
 * ```
 */
export function toTokens(rows: Omit<TokenRows, 'indices'>): TokenTensors {
  const [n, length] = rows.shape;
  const matrix = (name: 'tokenIds' | 'attentionMask' | 'segmentIds', values: Int32Array) => {
    if (values.length !== n * length)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `toTokens: \`${name}\` must have ${n * length} elements for shape [${n}, ${length}], got ${values.length}`,
      );
    return () => tf.tensor2d(values, [n, length], 'int32'); // [n, length]
  };
  const tokenIds = matrix('tokenIds', rows.tokenIds);
  const attentionMask = matrix('attentionMask', rows.attentionMask);
  const segmentIds = rows.segmentIds && matrix('segmentIds', rows.segmentIds);
  const labels = rows.nextSentenceLabels;
  if (labels && labels.length !== n)
    throw new SelfsupError('SELFSUP_SHAPE', `toTokens: \`nextSentenceLabels\` must have ${n} elements, got ${labels.length}`);
  return {
    tokenIds: tokenIds(),
    attentionMask: attentionMask(),
    ...(segmentIds && { segmentIds: segmentIds() }),
    ...(labels && { nextSentenceLabels: tf.tensor1d(labels, 'int32') }),
  };
}

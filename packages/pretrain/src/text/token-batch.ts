import { toTokens, type TokenRows } from '@selfsup/data/text';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';

/** A batch of token sequences as the tasks on text take it. A type alias, so that it is a `Batch`. */
export type TokenBatch = Readonly<
  Record<'tokenIds', Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', Tensor2D> & Record<'nextSentence', Tensor1D>>
>;

/**
 * Makes the batch of a task of token sequences.
 *
 * @param rows what a data set or a loader gave
 * @returns int32 tensors `[batch, length]`; `segmentIds` and `nextSentence` `[batch]` only of pairs. The caller disposes them.
 */
export function tokenBatch(rows: Omit<TokenRows, 'indices'>): TokenBatch {
  const { nextSentenceLabels, ...tokens } = toTokens(rows);
  return { ...tokens, ...(nextSentenceLabels && { nextSentence: nextSentenceLabels }) };
}

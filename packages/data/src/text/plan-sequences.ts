import type { TokenStore } from './token-store.ts';

/** Which tokens each sequence holds: one span of a {@link TokenStore}. */
export interface SequencePlan {
  /** `[n]`: where the span starts. */
  readonly starts: Float64Array;
  /** `[n]`: how many tokens it has, at most as many as there is room for. */
  readonly lengths: Int32Array;
}

/**
 * Cuts documents into spans of `room` tokens; the last span of a document is shorter.
 *
 * @param options `room`: tokens per sequence without the special ones around them; `acrossDocuments`: cuts the whole stream instead, separators included,
 *   as if it were one document
 */
export function planSequences(
  { documentEnds, numTokens, separated }: Pick<TokenStore, 'documentEnds' | 'numTokens' | 'separated'>,
  { room, acrossDocuments }: { room: number; acrossDocuments: boolean },
): SequencePlan {
  const tail = separated ? 1 : 0;
  const ends = acrossDocuments && numTokens > 0 ? Float64Array.of(numTokens) : documentEnds;
  let count = 0;
  for (let d = 0, from = 0; d < ends.length; from = ends[d++]!) count += Math.ceil(Math.max(0, ends[d]! - tail - from) / room);
  const starts = new Float64Array(count);
  const lengths = new Int32Array(count);
  for (let d = 0, from = 0, n = 0; d < ends.length; from = ends[d++]!)
    for (let at = from; at < ends[d]! - tail; at += room, n++) {
      starts[n] = at;
      lengths[n] = Math.min(room, ends[d]! - tail - at);
    }
  return { starts, lengths };
}

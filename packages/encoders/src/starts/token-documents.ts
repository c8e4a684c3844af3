import { nextTurn, SelfsupError } from '@selfsup/core';
import { placeWeights } from './place-weights.ts';

/** Documents as token ids, each a row of integers. */
export type TokenDocuments = Iterable<ArrayLike<number>> | AsyncIterable<ArrayLike<number>>;

/** Documents that were counted: all tokens of the vocabulary get a rank, the most frequent one 0. Internal. */
export interface CountedDocuments {
  /** How many documents had a token that counts. */
  readonly numDocuments: number;
  /** `[vocabularySize]`: how often each token occurs; 0 for ignored ones. */
  readonly counts: Float64Array;
  /** `[vocabularySize]`: in how many documents. */
  readonly documentCounts: Float64Array;
  /** `[ranks]`: the token of each rank, those of `minDocuments` documents only. */
  readonly ranked: Int32Array;
  /** `[8]`: see {@link placeWeights}. */
  readonly placeWeights: Float32Array;
  /** The ranks of all documents, one after the other; −1 for a token without a rank. */
  readonly text: Int32Array;
  /** `[numDocuments + 1]`: where each document begins in `text`. */
  readonly starts: Float64Array;
}

/** Documents between two turns of the event loop. */
const TURN = 500;

function checkId(who: string, { id, vocabularySize, document }: { id: number; vocabularySize: number; document: number }): void {
  if (!Number.isInteger(id) || id < 0 || id >= vocabularySize)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: \`documents\` must have integer ids in [0, ${vocabularySize}), got ${String(id)} in document ${document}`,
    );
}

/** Reads documents into memory and counts their tokens. Internal. */
export async function countDocuments(
  documents: TokenDocuments,
  options: { who: string; vocabularySize: number; ignoredIds: readonly number[]; minDocuments: number; signal?: AbortSignal | undefined },
): Promise<CountedDocuments> {
  const { who, vocabularySize, ignoredIds, minDocuments, signal } = options;
  const ignored = new Uint8Array(vocabularySize);
  for (const id of ignoredIds) ignored[id] = 1;
  const [counts, documentCounts, last] = [0, 0, -1].map((value) => new Float64Array(vocabularySize).fill(value)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const starts = [0];
  let [text, length, read] = [new Int32Array(1 << 16), 0, 0];
  for await (const document of documents) {
    if (read++ % TURN === 0) await nextTurn();
    signal?.throwIfAborted();
    if (length + document.length > text.length) {
      const longer = new Int32Array(2 * (length + document.length));
      longer.set(text.subarray(0, length));
      text = longer;
    }
    for (let i = 0; i < document.length; i++) {
      const id = document[i]!;
      checkId(who, { id, vocabularySize, document: read - 1 });
      if (ignored[id]) continue;
      text[length++] = id;
      counts[id]!++;
      if (last[id] === read) continue;
      last[id] = read;
      documentCounts[id]!++;
    }
    if (length > starts[starts.length - 1]!) starts.push(length);
  }
  const ranked = Int32Array.from([...counts.keys()].filter((id) => documentCounts[id]! >= minDocuments)).sort(
    (a, b) => counts[b]! - counts[a]! || a - b,
  );
  const ranks = new Int32Array(vocabularySize).fill(-1);
  for (const [rank, id] of ranked.entries()) ranks[id] = rank;
  const ids = text.subarray(0, length);
  const weights = placeWeights({ ids, starts, counts });
  return {
    numDocuments: starts.length - 1,
    counts,
    documentCounts,
    ranked,
    placeWeights: weights,
    text: ids.map((id) => ranks[id]!),
    starts: Float64Array.from(starts),
  };
}

/** log((N + 1) / (documents with it + 1)) of the tokens that have a rank. Internal. */
export function idfOf({ documentCounts, numDocuments, ranked }: CountedDocuments, vocabularySize: number): Float32Array {
  const idf = new Float32Array(vocabularySize);
  for (const id of ranked) idf[id] = Math.log((numDocuments + 1) / (documentCounts[id]! + 1));
  return idf;
}

/** The part of all tokens that each is, counted half a time more than it occurs. Internal. */
export function unigramOf({ counts }: CountedDocuments, ignoredIds: readonly number[]): Float32Array {
  const smoothed = counts.map((count) => count + 0.5);
  for (const id of ignoredIds) smoothed[id] = 0;
  const total = smoothed.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(smoothed, (count) => count / total);
}

/** √idf · n/(n + 1) of a token in n documents: what a text's mean of its tokens is weighted by. Internal. */
export function tokenWeightsOf(counted: CountedDocuments, vocabularySize: number): Float32Array {
  return idfOf(counted, vocabularySize).map((idf, id) => {
    const documents = counted.documentCounts[id]!;
    return (Math.sqrt(idf) * documents) / (documents + 1);
  });
}

import { nextTurn, SelfsupError } from '@selfsup/core';
import { createPlaceCounts } from './place-weights.ts';

/** Documents as token ids, each a row of integers. */
export type TokenDocuments = Iterable<ArrayLike<number>> | AsyncIterable<ArrayLike<number>>;

/** How often tokens occur. Internal. */
export interface TokenCounts {
  /** How many documents had a token that counts. */
  readonly numDocuments: number;
  /** `[vocabularySize]`: how often each token occurs; 0 for ignored ones. */
  readonly counts: Float64Array;
  /** `[vocabularySize]`: in how many documents. */
  readonly documentCounts: Float64Array;
  /** `[8]`: see {@link PlaceCounts}. */
  readonly placeWeights: Float32Array;
}

/** Documents that were counted and are kept: all tokens of `minDocuments` documents get a rank, the most frequent one 0. Internal. */
export interface CountedDocuments extends TokenCounts {
  /** `[ranks]`: the token of each rank. */
  readonly ranked: Int32Array;
  /** The ranks of all documents, one after the other; −1 for a token without a rank. */
  readonly text: Int32Array;
  /** `[numDocuments + 1]`: where each document begins in `text`. */
  readonly starts: Float64Array;
}

/** What {@link countTokens} is told. Internal. */
export interface CountTokensOptions {
  /** Who asks, for messages. */
  who: string;
  vocabularySize: number;
  ignoredIds: readonly number[];
  signal?: AbortSignal | undefined;
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

/** Counts the tokens of documents, and holds one document at a time; `onDocument` gets the tokens of each that count. Internal. */
export async function countTokens(
  documents: TokenDocuments,
  { who, vocabularySize, ignoredIds, signal }: CountTokensOptions,
  onDocument: (ids: Int32Array) => void = () => undefined,
): Promise<TokenCounts> {
  const ignored = new Uint8Array(vocabularySize);
  for (const id of ignoredIds) ignored[id] = 1;
  const [counts, documentCounts, last] = [0, 0, -1].map((value) => new Float64Array(vocabularySize).fill(value)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const places = createPlaceCounts();
  let [read, numDocuments, total] = [0, 0, 0];
  for await (const document of documents) {
    if (read++ % TURN === 0) await nextTurn();
    signal?.throwIfAborted();
    const kept = new Int32Array(document.length);
    let length = 0;
    for (let i = 0; i < document.length; i++) {
      const id = document[i]!;
      checkId(who, { id, vocabularySize, document: read - 1 });
      if (ignored[id]) continue;
      kept[length++] = id;
      counts[id]!++;
      if (last[id] === read) continue;
      last[id] = read;
      documentCounts[id]!++;
    }
    if (length === 0) continue;
    numDocuments++;
    total += length;
    const ids = kept.subarray(0, length);
    places.add(ids);
    onDocument(ids);
  }
  return { numDocuments, counts, documentCounts, placeWeights: places.weights({ counts, total }) };
}

/** Reads documents into memory and counts their tokens. Internal. */
export async function countDocuments(
  documents: TokenDocuments,
  { minDocuments, ...options }: CountTokensOptions & { minDocuments: number },
): Promise<CountedDocuments> {
  const starts = [0];
  let [text, length] = [new Int32Array(1 << 16), 0];
  const counted = await countTokens(documents, options, (ids) => {
    if (length + ids.length > text.length) {
      const longer = new Int32Array(2 * (length + ids.length));
      longer.set(text.subarray(0, length));
      text = longer;
    }
    text.set(ids, length);
    starts.push((length += ids.length));
  });
  const { counts, documentCounts } = counted;
  const ranked = Int32Array.from([...counts.keys()].filter((id) => documentCounts[id]! >= minDocuments)).sort(
    (a, b) => counts[b]! - counts[a]! || a - b,
  );
  const ranks = new Int32Array(options.vocabularySize).fill(-1);
  for (const [rank, id] of ranked.entries()) ranks[id] = rank;
  return { ...counted, ranked, text: text.subarray(0, length).map((id) => ranks[id]!), starts: Float64Array.from(starts) };
}

/** log((N + 1) / (n + 1)) of tokens that are in n of N documents; 0 where n is below `minDocuments`. Internal. */
export const idfOf = ({ documentCounts, numDocuments }: TokenCounts, minDocuments: number): Float32Array =>
  Float32Array.from(documentCounts, (count) => (count >= minDocuments ? Math.log((numDocuments + 1) / (count + 1)) : 0));

/** The part of all tokens that each is, counted half a time more than it occurs. Internal. */
export function unigramOf({ counts }: TokenCounts, ignoredIds: readonly number[]): Float32Array {
  const smoothed = counts.map((count) => count + 0.5);
  for (const id of ignoredIds) smoothed[id] = 0;
  const total = smoothed.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(smoothed, (count) => count / total);
}

/** √idf · n/(n + 1) of a token in n documents: what a text's mean of its tokens is weighted by. Internal. */
export function tokenWeightsOf(counts: TokenCounts, minDocuments: number): Float32Array {
  return idfOf(counts, minDocuments).map((idf, id) => {
    const documents = counts.documentCounts[id]!;
    return (Math.sqrt(idf) * documents) / (documents + 1);
  });
}

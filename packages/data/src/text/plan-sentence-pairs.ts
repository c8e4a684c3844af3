import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import type { TokenStore } from './token-store.ts';

/** Which tokens each pair holds: two spans of a {@link TokenStore}. */
export interface PairPlan {
  /** `[n]`: where the first text starts, and how many tokens it has. */
  readonly starts: Float64Array;
  readonly lengths: Int32Array;
  /** `[n]`: the same of the second text. */
  readonly secondStarts: Float64Array;
  readonly secondLengths: Int32Array;
  /** `[n]`: 0 where the second text follows the first one, 1 where it is from another document. */
  readonly labels: Int32Array;
}

const DRAWS = 4096;

/** Uniform numbers in [0, 1) without end. */
function uniformStream(rng: Rng): () => number {
  let block = 0;
  let at = DRAWS;
  let values: Float32Array = new Float32Array(0);
  return () => {
    if (at === DRAWS) {
      values = drawUniform(rng.fold(block++), DRAWS);
      at = 0;
    }
    return values[at++]!;
  };
}

interface Span {
  start: number;
  end: number;
}

/** Takes tokens off the longer text, from its front or its back with equal chance, until both fit. */
function truncate(a: Span, b: Span, { room, draw }: { room: number; draw: () => number }): void {
  while (a.end - a.start + b.end - b.start > room) {
    const longer = a.end - a.start > b.end - b.start ? a : b;
    if (draw() < 0.5) longer.start++;
    else longer.end--;
  }
}

/**
 * Plans pairs for next-sentence prediction: sentences of a document are gathered until they fill a sequence and cut in two at a random place; for half of
 * the pairs the second part is replaced by sentences of another document, and what was replaced is used again.
 *
 * @param options `room`: tokens per pair without the special ones; `shortFraction`: how often a shorter length is aimed at; `rng`
 * @throws SelfsupError `SELFSUP_DATA` with fewer than two documents: there is no other one to draw from
 * @see Devlin et al., https://arxiv.org/abs/1810.04805, appendix A.2, and google-research/bert's create_pretraining_data.py
 */
export function planSentencePairs(
  store: Pick<TokenStore, 'documentEnds' | 'sentenceEnds'>,
  { room, shortFraction, rng }: { room: number; shortFraction: number; rng: Rng },
): PairPlan {
  const { documentEnds } = store;
  const sentenceEnds = store.sentenceEnds!;
  const draw = uniformStream(rng);
  const integer = (min: number, max: number) => min + Math.floor(draw() * (max - min + 1)); // both included
  // the sentences of each document; a separator behind the last one belongs to none
  const documents: { first: number; last: number; start: number }[] = [];
  for (let d = 0, sentence = 0, start = 0; d < documentEnds.length; start = documentEnds[d++]!) {
    const first = sentence;
    while (sentence < sentenceEnds.length && sentenceEnds[sentence]! <= documentEnds[d]!) sentence++;
    if (sentence > first) documents.push({ first, last: sentence - 1, start });
  }
  if (documents.length < 2)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openCorpus: \`nextSentence\` needs at least 2 documents to draw other sentences from, got ${documents.length}; set \`documents\` to what separates them`,
    );
  const startOf = (document: { first: number; start: number }, sentence: number) =>
    sentence === document.first ? document.start : sentenceEnds[sentence - 1]!;
  const rows: number[] = [];

  const randomNext = (own: number, target: number): Span => {
    const drawn = integer(0, documents.length - 2);
    const other = documents[drawn + (drawn >= own ? 1 : 0)]!;
    const from = integer(other.first, other.last);
    const start = startOf(other, from);
    let to = from;
    while (to < other.last && sentenceEnds[to]! - start < target) to++;
    return { start, end: sentenceEnds[to]! };
  };

  for (const [own, document] of documents.entries()) {
    const target = draw() < shortFraction ? integer(2, room) : room;
    let first = document.first;
    while (first <= document.last) {
      const start = startOf(document, first);
      let last = first;
      while (last < document.last && sentenceEnds[last]! - start < target) last++;
      const cut = last > first ? integer(first, last - 1) : first; // the last sentence of the first text
      const a = { start, end: sentenceEnds[cut]! };
      const isRandom = last === first || draw() < 0.5;
      const b = isRandom ? randomNext(own, target - (a.end - a.start)) : { start: a.end, end: sentenceEnds[last]! };
      truncate(a, b, { room, draw });
      rows.push(a.start, a.end - a.start, b.start, b.end - b.start, isRandom ? 1 : 0);
      first = (isRandom ? cut : last) + 1; // what a random text replaced comes again
    }
  }
  const n = rows.length / 5;
  const column = (k: number) => ({ length: n, at: (i: number) => rows[5 * i + k]! });
  const ints = (k: number) => Int32Array.from({ length: n }, (_, i) => column(k).at(i));
  const floats = (k: number) => Float64Array.from({ length: n }, (_, i) => column(k).at(i));
  return { starts: floats(0), lengths: ints(1), secondStarts: floats(2), secondLengths: ints(3), labels: ints(4) };
}

import { createRng, drawPermutation } from '@selfsup/core';
import type { TokenDataset, Tokenizer } from '@selfsup/data/text';
import type { TextPiece } from '../section.ts';
import { bestTokens } from './mask-guess.ts';
import type { TokenGuesser } from './token-guesser.ts';

/** Options of {@link fillInExamples}. */
export interface FillInExamplesOptions {
  /** Held-out sequences. */
  dataset: TokenDataset;
  tokenizer: Tokenizer;
  guesser: Pick<TokenGuesser, 'guess'>;
  /** Which places are asked for. */
  seed: number;
  /** Of how many sequences a sentence is shown; default 6. */
  count?: number;
  /** Places in a sentence; default 2. */
  places?: number;
  /** Guesses for a place; default 5. */
  top?: number;
}

const [SHORTEST, LONGEST] = [8, 32]; // tokens of a sentence that is shown
const ENDS = new Set(['.', '!', '?']);

/** The first whole sentence of a sequence that is neither short nor long, else its beginning. */
function pickSentence(ids: Int32Array, textOf: (id: number) => string): [start: number, end: number] {
  let start = -1; // what stands before the first end may be the rest of a sentence
  for (let at = 0; at < ids.length; at++) {
    if (!ENDS.has(textOf(ids[at]!))) continue;
    const end = at + 1;
    if (start >= 0 && end - start >= SHORTEST && end - start <= LONGEST) return [start, end];
    start = end;
  }
  return [0, Math.min(ids.length, LONGEST)];
}

/** The places of whole words within a sentence, none of them the first token of the sequence. */
function wordPlaces(ids: Int32Array, [start, end]: readonly [number, number], tokenizer: Tokenizer): number[] {
  const never = new Set(tokenizer.specialIds);
  const goesOn = (at: number) => at < ids.length && tokenizer.isContinuation(ids[at]!);
  const isWord = (at: number) =>
    at > 0 && !never.has(ids[at]!) && !goesOn(at) && !goesOn(at + 1) && /^\p{L}{2,}$/u.test(tokenizer.decode([ids[at]!]).trim());
  return Array.from({ length: end - start }, (_, k) => start + k).filter(isWord);
}

/**
 * Lets a model guess whole words in sentences that it has not learned from.
 *
 * @param options see {@link FillInExamplesOptions}
 * @returns the pieces of one text for each sequence that has a word to hide; the model sees the whole sequence, not the sentence alone
 */
export async function fillInExamples(options: FillInExamplesOptions): Promise<(readonly TextPiece[])[]> {
  const { dataset, tokenizer, guesser, seed, count = 6, places: wanted = 2, top = 5 } = options;
  const textOf = (id: number) => tokenizer.decode([id]).trim();
  const rng = createRng(seed).fold('fill-in examples');
  const shown = Math.min(count, dataset.length);
  const examples: (readonly TextPiece[])[] = [];
  for (let i = 0; i < shown; i++) {
    const { tokenIds, attentionMask, segmentIds } = await dataset.read([Math.floor(((i + 0.5) * dataset.length) / shown)]);
    const real = tokenIds.subarray(0, attentionMask.lastIndexOf(1) + 1);
    const [start, end] = pickSentence(real, textOf);
    const words = wordPlaces(real, [start, end], tokenizer);
    const places = [...drawPermutation(rng.fold(i), words.length).slice(0, wanted)].map((k) => words[k]!).sort((a, b) => a - b);
    if (places.length === 0) continue;
    const { probabilities, found } = await guesser.guess({ tokenIds, attentionMask, ...(segmentIds && { segmentIds }) }, places);
    const piece = (place: number, k: number): TextPiece => {
      const of = probabilities[k]!;
      return {
        truth: textOf(real[place]!),
        probability: of[real[place]!]!,
        guesses: bestTokens(of, { tokenizer, top }).map((id) => ({ token: textOf(id), probability: of[id]! })),
        ...(found && { swapped: { token: textOf(found.ids[k]!), probability: found.probabilities[k]! } }),
      };
    };
    const between = (from: number, to: number) => tokenizer.decode(real.subarray(from, to)).trim();
    const pieces = places.flatMap((place, k) => [between(k === 0 ? start : places[k - 1]! + 1, place), piece(place, k)]);
    examples.push([...pieces, between(places.at(-1)! + 1, end)].filter((part) => part !== ''));
  }
  return examples;
}

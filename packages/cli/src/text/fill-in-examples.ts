import { createRng, drawPermutation } from '@selfsup/core';
import type { TokenDataset, Tokenizer } from '@selfsup/data/text';
import type { MaskGuess } from './predict-mask.ts';
import type { TokenGuesser } from './token-guesser.ts';

/** A place of a text at which a model guessed. */
export interface FilledPlace {
  /** What stands there. */
  readonly truth: string;
  /** The probability that the model gave it. */
  readonly probability: number;
  /** The best guesses, most probable first. */
  readonly guesses: readonly MaskGuess[];
  /** What was put there instead, and the probability with which the model finds it replaced; only of `replaced-token`. */
  readonly swapped?: MaskGuess;
}

/** A text with places at which a model guessed: `texts` has one entry more than `places`. */
export interface FilledText {
  readonly texts: readonly string[];
  readonly places: readonly FilledPlace[];
}

/** Options of {@link fillInExamples}. */
export interface FillInExamplesOptions {
  /** Held-out sequences. */
  dataset: TokenDataset;
  tokenizer: Tokenizer;
  guesser: TokenGuesser;
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
  let start = -1; // what stands before the first end is no whole sentence
  for (let at = 0; at < ids.length; at++) {
    if (!ENDS.has(textOf(ids[at]!))) continue;
    const end = at + 1;
    if (start >= 0 && end - start >= SHORTEST && end - start <= LONGEST) return [start, end];
    start = end;
  }
  return [0, Math.min(ids.length, LONGEST)];
}

/**
 * Lets a model guess whole words in sentences that it has not learned from.
 *
 * @param options see {@link FillInExamplesOptions}
 * @returns one for each sequence that has a word to hide; the model sees the whole sequence, not the sentence alone
 */
export async function fillInExamples(options: FillInExamplesOptions): Promise<FilledText[]> {
  const { dataset, tokenizer, guesser, seed, count = 6, places: wanted = 2, top = 5 } = options;
  const never = new Set(tokenizer.specialIds);
  const textOf = (id: number) => tokenizer.decode([id]).trim();
  const rng = createRng(seed).fold('fill-in examples');
  const shown = Math.min(count, dataset.length);
  const examples: FilledText[] = [];
  for (let i = 0; i < shown; i++) {
    const { tokenIds, attentionMask, segmentIds } = await dataset.read([Math.floor(((i + 0.5) * dataset.length) / shown)]);
    const real = tokenIds.subarray(0, attentionMask.lastIndexOf(1) + 1);
    const [start, end] = pickSentence(real, textOf);
    const isWord = (at: number) =>
      at > 0 &&
      !never.has(real[at]!) &&
      !tokenizer.isContinuation(real[at]!) &&
      /^\p{L}{2,}$/u.test(textOf(real[at]!)) &&
      !(at + 1 < real.length && tokenizer.isContinuation(real[at + 1]!));
    const words = Array.from({ length: end - start }, (_, k) => start + k).filter(isWord);
    const places = [...drawPermutation(rng.fold(i), words.length).slice(0, wanted)].map((k) => words[k]!).sort((a, b) => a - b);
    if (places.length === 0) continue;
    const row = { tokenIds, attentionMask, ...(segmentIds && { segmentIds }) };
    const { probabilities, found } = guesser.guess(row, places);
    const bounds = [start, ...places.flatMap((place) => [place, place + 1]), end];
    const texts = [...places, end].map((_, k) => tokenizer.decode(real.subarray(bounds[2 * k], bounds[2 * k + 1])).trim());
    const filled = places.map((place, k): FilledPlace => {
      const of = probabilities[k]!;
      const best = [...of.keys()].filter((id) => !never.has(id)).sort((a, b) => of[b]! - of[a]! || a - b).slice(0, top); // prettier-ignore
      return {
        truth: textOf(real[place]!),
        probability: of[real[place]!]!,
        guesses: best.map((id) => ({ token: textOf(id), probability: of[id]! })),
        ...(found && { swapped: { token: textOf(found.ids[k]!), probability: found.probabilities[k]! } }),
      };
    });
    examples.push({ texts, places: filled });
  }
  return examples;
}

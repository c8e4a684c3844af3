import { createRng, drawUniform } from '@selfsup/core';
import { arrayTexts } from '@selfsup/data/text';
import type { AlteredCopiesOptions } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { asTexts, textSamples, type TextSamples } from './text-samples.ts';

/** A slight change of words, decided by a number in [0, 1). */
type Change = (words: readonly string[], draw: number) => readonly string[];

/** What is changed in a text that stays the same text: a word is left out, two are swapped, punctuation goes, one is written twice. */
const CHANGES: readonly Change[] = [
  (words, draw) => (words.length < 4 ? words : words.filter((_, i) => i !== Math.floor(draw * words.length))),
  (words, draw) => {
    const at = Math.floor(draw * (words.length - 1));
    return words.length < 2 ? words : [...words.slice(0, at), words[at + 1]!, words[at]!, ...words.slice(at + 2)];
  },
  (words) => words.map((word) => word.replace(/[.,;:!?"'()]+/g, '')).filter((word) => word !== ''),
  (words, draw) => words.flatMap((word, i) => (i === Math.floor(draw * words.length) ? [word, word] : [word])),
];

/**
 * Copies of texts as near-duplicates are: in each a word is left out or doubled, two are swapped, or the punctuation goes, in turn.
 *
 * @param samples texts
 * @param options see {@link AlteredCopiesOptions}
 * @returns as many texts as there are indices
 */
export function alteredTexts(samples: Samples, { indices, seed }: AlteredCopiesOptions): TextSamples {
  const { texts, tokenizer, pooling, dataset, name } = asTexts(samples);
  const chosen = Array.from(indices, (index) => texts?.[index] ?? '');
  const changed = chosen.map((text, i) => {
    const words = text.split(/\s+/).filter((word) => word !== '');
    const [draw] = drawUniform(createRng(seed).fold('altered').fold(i), 1);
    return CHANGES[i % CHANGES.length]!(words, draw!).join(' ');
  });
  const options = { tokenizer, length: dataset.sequenceLength, name: `${name} (altered)` };
  return textSamples(arrayTexts(changed, options), { tokenizer, pooling, texts: changed });
}

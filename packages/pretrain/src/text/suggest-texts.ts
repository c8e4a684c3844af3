import { MOST_SHORT } from './recipes/assert-long-enough.ts';
import type { SuggestRequest, Suggestion } from '../modality.ts';
import type { TextOptions } from './text-options.ts';
import type { TextRunData } from './text-run-data.ts';

/** Passes over the texts: more of them learn the texts by heart. */
const EPOCHS = 20;
/** Fewer texts than that have too few others to be told from. */
const FEWEST = 256;

/**
 * What serves texts where nobody says more: embeddings of words from their mutual information, then some seconds of telling which halves of texts belong together;
 * read by the mean of the embeddings. On topics that adds about two points, on short questions nothing.
 *
 * @param request the texts
 * @returns see {@link Suggestion}
 * @see docs/guides/little-data.md for the numbers
 */
export function suggestTexts({ data }: SuggestRequest<TextRunData, TextOptions>): Suggestion {
  const { length } = data.train;
  const enough = length >= FEWEST;
  const isTrained = enough && data.shortShare <= MOST_SHORT;
  const [tokens, sequences] = [data.input.vocabularySize, length].map((count) => count.toLocaleString('en-US'));
  return {
    settings: {
      ...{
        task: data.shortShare <= MOST_SHORT ? 'declutr' : 'masked-language',
        encoder: 'bert-tiny',
        start: 'ppmi',
        readout: 'embedding',
        knnK: 20,
      },
      ...{ epochs: isTrained ? EPOCHS : 0, batchSize: Math.min(256, length) },
    },
    reasons: [
      `bert-tiny for ${tokens} tokens in ${sequences} sequences`,
      {
        of: 'start',
        text: 'start ppmi: word embeddings from which words stand together take seconds, and told passages of novels apart better than LSA',
      },
      { of: 'readout', text: 'readout embedding: the mean of the word embeddings, since the layers above them start at random' },
      {
        of: 'epochs',
        text: isTrained
          ? `declutr on top, since telling halves of texts apart added about two points on topics; up to ${EPOCHS} epochs, since more learn the texts by heart`
          : `no training on top: ${enough ? 'most sequences have fewer than two tokens, and no halves to tell apart' : `fewer than ${FEWEST} sequences have too few others to be told from`}`,
      },
    ],
  };
}

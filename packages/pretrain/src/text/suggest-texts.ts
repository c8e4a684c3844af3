import type { SuggestRequest, Suggestion } from '../modality.ts';
import type { GivenSettings } from '../settings.ts';
import type { TextOptions } from './text-options.ts';
import type { TextRunData } from './text-run-data.ts';

/**
 * What serves texts where nobody says more: embeddings of words from their mutual information, read by their mean, without training by gradients.
 *
 * @param request the texts
 * @returns see {@link Suggestion}
 * @see docs/guides/little-data.md for the numbers
 */
export function suggestTexts({ data }: SuggestRequest<TextRunData, TextOptions>): Suggestion {
  return {
    settings: {
      encoder: 'bert-tiny',
      start: 'ppmi',
      readout: 'embedding',
      epochs: 0,
      knnK: 20,
      batchSize: Math.min(32, data.train.length),
    },
    reasons: [
      `word embeddings from the mutual information of ${data.input.vocabularySize.toLocaleString('en-US')} tokens in ${data.train.length.toLocaleString('en-US')} sequences, read by their mean: with minutes of time that beats training by gradients`,
    ],
  };
}

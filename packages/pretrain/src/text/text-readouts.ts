import { tokenReadout, type TokenPart } from '@selfsup/encoders';
import { z } from 'zod';
import type { ReadoutRecipe } from '../encoder-recipe.ts';
import { readCounts } from './token-counts.ts';
import { withAttention, type SequenceEncoder, type SequenceReadout } from './sequence-encoder.ts';
import { textInputOf } from './text-input.ts';

const options = z.strictObject({
  weights: z
    .enum(['counts', 'none'])
    .default('counts')
    .describe('how tokens weigh in the mean of the embeddings: by how few texts have them and where they stand, or all alike'),
});

type Options = z.output<typeof options>;

/** A readout of some parts, see `tokenReadout` of `@selfsup/encoders`. */
const readoutOf = (name: string, title: string, parts: readonly TokenPart[]): ReadoutRecipe<SequenceEncoder, Options> => ({
  name,
  title,
  options,
  create(encoder, { weights }, { input, files }) {
    const { attention, vocabularySize } = textInputOf(input);
    const { tokenWeights, placeWeights, unigram } = readCounts(files, vocabularySize);
    const specialIds = [...tokenWeights.keys()].filter((id) => unigram[id] === 0);
    const module = tokenReadout(withAttention(encoder, attention), {
      parts,
      specialIds,
      unigram,
      ...(weights === 'counts' && { tokenWeights, placeWeights }),
    });
    const readout: SequenceReadout = {
      ...module,
      readsSequences: true,
      apply: (sequences, apply) => module.read(sequences, apply),
    };
    return readout as unknown as ReturnType<ReadoutRecipe['create']>;
  },
});

/** The readouts of encoders of text beside `global`. */
export const textReadouts = [
  readoutOf('embedding', 'the mean of the word embeddings', ['embedding/weighted']),
  readoutOf('tokens', 'the state of the first token, and the mean of the last states', ['top/first', 'top/mean']),
  readoutOf('embedding+top', 'the mean of the word embeddings, and that of the last states', ['embedding/weighted', 'top/mean']),
];

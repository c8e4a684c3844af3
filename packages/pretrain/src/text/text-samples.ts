import { SelfsupError } from '@selfsup/core';
import { subset } from '@selfsup/data';
import type { TokenDataset, Tokenizer } from '@selfsup/data/text';
import type { Samples } from '../samples.ts';

/** Token sequences as {@link Samples}. */
export interface TextSamples extends Samples {
  /** The sequences, `[CLS] … [SEP]`, filled up. */
  readonly dataset: TokenDataset;
  /** What made their ids. */
  readonly tokenizer: Tokenizer;
  /** What the features of a sequence are. */
  readonly pooling: 'mean' | 'first';
  /** `[length]`: the texts as they were given, where each sequence is one text. */
  readonly texts?: readonly string[];
}

/** What {@link textSamples} is told beside the sequences. */
export type TextSamplesOptions = Pick<TextSamples, 'tokenizer' | 'pooling'> & {
  readonly texts?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
};

/**
 * Makes samples of token sequences.
 *
 * @param dataset the sequences; their labels and classes become those of the samples
 * @param options the tokenizer, the pooling, and the texts and where they come from, where each is one sequence
 * @returns the samples
 */
export function textSamples(dataset: TokenDataset, { tokenizer, pooling, texts, ids }: TextSamplesOptions): TextSamples {
  const { name, length, labels, classNames } = dataset;
  return {
    name: name.replace(/ \((train|validation)\)$/, ''),
    length,
    ...(labels && { labels }),
    ...(classNames && { classNames }),
    ...(texts && { texts }),
    ...(ids && { ids }),
    dataset,
    tokenizer,
    pooling,
  };
}

/**
 * Some of the sequences.
 *
 * @param samples where they come from; read on demand
 * @param indices which, in the order of the new samples
 * @returns samples that number them from 0
 */
export function pickTexts(samples: TextSamples, indices: ArrayLike<number>): TextSamples {
  const { dataset, texts, ids } = samples;
  const pick = (all: readonly string[] | undefined) => all && Array.from(indices, (index) => all[index]!);
  return textSamples(subset(dataset, indices), { ...samples, texts: pick(texts), ids: pick(ids) });
}

/**
 * At most so many sequences, spread evenly.
 *
 * @param samples where they come from
 * @param limit how many; undefined for all
 * @returns the same samples, or the ⌊i · length / limit⌋-th for i = 0 … limit − 1
 */
export function limitTexts(samples: TextSamples, limit: number | undefined): TextSamples {
  const { length } = samples;
  if (limit === undefined || limit >= length) return samples;
  return pickTexts(
    samples,
    Array.from({ length: limit }, (_, i) => Math.floor((i * length) / limit)),
  );
}

/** Samples of the modality text, which are what its openers gave. */
export function asTexts(samples: Samples): TextSamples {
  if ('dataset' in samples && 'tokenizer' in samples) return samples as TextSamples;
  throw new SelfsupError('SELFSUP_DATA', `${samples.name} does not hold text; open it with the modality text`);
}

import { SelfsupError } from '@selfsup/core';
import type { CaptionedImages } from '@selfsup/data';
import { arrayTexts, type Tokenizer } from '@selfsup/data/text';
import { imageSamples, pickImages, type ImageSamples } from '../image/image-samples.ts';
import type { Samples } from '../samples.ts';
import { textSamples, type TextSamples } from '../text/text-samples.ts';

/** Images with texts as samples: as images they are encoded, their texts are beside them. */
export interface PairSamples extends ImageSamples {
  /** `[length]`: the text of each image. */
  readonly captions: readonly string[];
}

/** Captioned images as {@link PairSamples}; those that name their images in `paths` or `ids` keep these names. */
export function pairSamples(
  dataset: CaptionedImages & { readonly ids?: readonly string[]; readonly paths?: readonly string[] },
): PairSamples {
  const { captions, length, name } = dataset;
  if (captions.length !== length)
    throw new SelfsupError('SELFSUP_DATA', `${name} must have a caption for each of its ${length} images, got ${captions.length}`);
  return { ...imageSamples(dataset), captions };
}

/**
 * Some of the pairs.
 *
 * @param samples where they come from; images are read on demand
 * @param indices which, in the order of the new samples
 * @returns samples that number them from 0
 */
export function pickPairs(samples: PairSamples, indices: ArrayLike<number>): PairSamples {
  return pickImages(samples, indices) as PairSamples;
}

/** ⌊i · length / limit⌋ for i = 0 … limit − 1: so many pairs, spread evenly; all of fewer. */
export function limitPairs(samples: PairSamples, limit: number | undefined): PairSamples {
  const { length } = samples;
  if (limit === undefined || limit >= length) return samples;
  return pickPairs(
    samples,
    Array.from({ length: limit }, (_, i) => Math.floor((i * length) / limit)),
  );
}

/** Samples with their captions; undefined for images without. */
export const asPairs = (samples: Samples): PairSamples | undefined => ('captions' in samples ? (samples as PairSamples) : undefined);

/** What texts are made to sequences by. */
export interface TextFacts {
  readonly tokenizer: Tokenizer;
  /** Tokens of a sequence, special ones included. */
  readonly length: number;
  readonly pooling: 'mean' | 'first';
}

/** Texts as samples of the modality text. */
export const captionSamples = (texts: readonly string[], { tokenizer, length, pooling }: TextFacts, name = 'captions'): TextSamples =>
  textSamples(arrayTexts(texts, { tokenizer, length, name }), { tokenizer, pooling, texts });

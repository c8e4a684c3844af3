import type { FeatureMatrix } from '@selfsup/evaluate';
import { encodeImages } from '../image/encode-images.ts';
import type { AnyModule, EncodeOptions } from '../modality.ts';
import { encodeTexts } from '../text/encode-texts.ts';
import type { TextInput } from '../text/text-input.ts';
import { captionSamples, pickPairs, type PairSamples, type TextFacts } from './pair-samples.ts';

/** Both encoders of pairs with what they take. */
export interface PairEncoders {
  readonly image: AnyModule;
  readonly text: AnyModule;
  /** What the encoder of the texts takes. */
  readonly textInput: TextInput;
  /** How texts become sequences. */
  readonly facts: TextFacts;
}

/** Pairs with the features of both sides, each image and each text once. */
export interface EncodedPairs {
  /** The pairs whose images could be read; features are of these. */
  readonly samples: PairSamples;
  /** `[images]`: a pair of each image. */
  readonly images: readonly number[];
  /** `[images, dim]`. */
  readonly imageFeatures: FeatureMatrix;
  /** The texts. */
  readonly texts: readonly string[];
  /** `[texts, dim]`. */
  readonly textFeatures: FeatureMatrix;
  /** `[images]`: the texts that belong to each image. */
  readonly textsOf: readonly (readonly number[])[];
  /** `[texts]`: the images that belong to each text. */
  readonly imagesOf: readonly (readonly number[])[];
}

/** The number of each of several keys, in the order in which they come up. */
function numbered(keys: readonly string[]): { readonly of: readonly number[]; readonly first: readonly number[] } {
  const numbers = new Map<string, number>();
  const first: number[] = [];
  const of = keys.map((key, i) => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, first.length);
    first.push(i);
    return first.length - 1;
  });
  return { of, first };
}

/** The features of texts, each once. */
export const encodeCaptions = async (
  texts: readonly string[],
  { text, textInput, facts }: PairEncoders,
  encoding: Omit<EncodeOptions, 'indices'>,
): Promise<FeatureMatrix> => encodeTexts(text, captionSamples(texts, facts), { ...encoding, input: textInput });

/**
 * Encodes both sides of pairs. An image that stands in several pairs is one, by its path, and so is a text that several images have: what is found counts as right
 * where any pair says so.
 *
 * @param samples the pairs; those whose image cannot be read are left out
 * @param encoders both
 * @param encoding input of the images, files, progress
 * @returns see {@link EncodedPairs}
 */
export async function encodePairs(
  samples: PairSamples,
  encoders: PairEncoders,
  encoding: Omit<EncodeOptions, 'indices'>,
): Promise<EncodedPairs> {
  const all = numbered(Array.from({ length: samples.length }, (_, i) => samples.ids?.[i] ?? `${i}`));
  const encoded = await encodeImages(encoders.image, samples, { ...encoding, indices: all.first });
  const read = new Map(Array.from(encoded.indices, (pair, row) => [all.of[pair]!, row] as const));
  const kept = Array.from({ length: samples.length }, (_, i) => i).filter((i) => read.has(all.of[i]!));
  const pairs = pickPairs(samples, kept);
  const rows = kept.map((i) => read.get(all.of[i]!)!);
  const captions = numbered(pairs.captions);
  const texts = captions.first.map((i) => pairs.captions[i]!);
  const numImages = encoded.indices.length;
  const textsOf: number[][] = Array.from({ length: numImages }, () => []);
  const imagesOf: number[][] = texts.map(() => []);
  rows.forEach((image, i) => {
    textsOf[image]!.push(captions.of[i]!);
    imagesOf[captions.of[i]!]!.push(image);
  });
  const places = new Map(kept.map((pair, i) => [pair, i]));
  return {
    samples: pairs,
    images: Array.from(encoded.indices, (pair) => places.get(pair)!),
    imageFeatures: encoded,
    texts,
    textFeatures: await encodeCaptions(texts, encoders, encoding),
    textsOf,
    imagesOf,
  };
}

import { captionedShapes, type CaptionedImages } from '@selfsup/data';
import { SelfsupError } from '@selfsup/core';
import type { Tokenizer } from '@selfsup/data/text';
import { isImageDataset, memoryImages, shapesImages, type ImagesInMemory } from '../image/array-openers.ts';
import { imageSizeOfOptions, type GivenImageSize } from '../image/image-size-option.ts';
import type { OpenedImageData } from '../image/opened-images.ts';
import type { DatasetOpener, Skipped } from '../modality.ts';
import type { GivenTokenizer } from '../text/memory-texts.ts';

/** Captioned images as an opener gives them. */
export type LocatedPairs = CaptionedImages & { readonly paths?: readonly string[] };

/** What a `DatasetOpener` of the modality `image-text` gives where `options.as` is `pairs`. */
export interface OpenedPairs {
  /** What is learned from. */
  readonly train: LocatedPairs;
  /** What is judged by; without it the modality holds pairs out. */
  readonly test?: LocatedPairs;
  /** Where `test` comes from; default `own part`. */
  readonly testFrom?: 'own part' | 'held out';
  /** What makes tokens of the texts; default one is learned. */
  readonly tokenizer?: Tokenizer | GivenTokenizer;
  /** What could not be used so far; default nothing. */
  skipped?(): readonly Skipped[];
  /** How many pictures were decoded in opening them; default none. */
  readonly decoded?: number;
}

/** What openers are asked for: `pairs` to learn from, or `either`: pairs where there are some, images where there are only images, to use an encoder on. */
export const openPairsAs = (options: Readonly<Record<string, unknown>>): 'pairs' | 'either' =>
  options['as'] === 'either' ? 'either' : 'pairs';

/** Images with texts in memory. */
export interface PairsInMemory extends Omit<ImagesInMemory, 'test'> {
  /** `[n]`: the text of each image. */
  readonly captions: readonly string[];
  /** Pairs to judge by; default a part of the others. */
  readonly test?: Omit<PairsInMemory, 'test' | 'name' | 'classNames' | 'tokenizer'>;
  /** What makes tokens of the texts; default a vocabulary is learned from them. */
  readonly tokenizer?: GivenTokenizer;
}

/** A data set of captioned images and, where there is one, another to test on. */
export interface PairDatasets {
  /** What is learned from. */
  readonly train: CaptionedImages;
  /** What the encoders are judged by; default a part of the others that is held out. */
  readonly test?: CaptionedImages;
  /** What splits the texts; default one is learned from them. */
  readonly tokenizer?: GivenTokenizer;
}

const hasCaptions = (data: unknown): data is { readonly captions: readonly string[] } =>
  typeof data === 'object' && data !== null && Array.isArray((data as { captions?: unknown }).captions);
const isPairDataset = (data: unknown): data is CaptionedImages => hasCaptions(data) && isImageDataset(data);
const isPairsInMemory = (data: unknown): data is PairsInMemory => hasCaptions(data) && 'images' in data && 'shape' in data;
const isPairDatasets = (data: unknown): data is PairDatasets =>
  typeof data === 'object' && data !== null && isPairDataset((data as Partial<PairDatasets>).train);

function assertTexts(captions: readonly unknown[], count: number, name: string): void {
  if (captions.length !== count)
    throw new SelfsupError('SELFSUP_DATA', `${name} must have a caption for each of its ${count} images, got ${captions.length}`);
  const bad = captions.findIndex((caption) => typeof caption !== 'string' || caption.trim() === '');
  if (bad >= 0) throw new SelfsupError('SELFSUP_DATA', `${name}: the caption of image ${bad} must be a text that is not empty`);
}

/** Opens {@link PairsInMemory}, a `CaptionedImages`, or {@link PairDatasets}. */
export const memoryPairs: DatasetOpener<OpenedPairs> = {
  name: 'images with texts in memory',
  modality: 'image-text',
  accepts: (data) => isPairDataset(data) || isPairsInMemory(data) || isPairDatasets(data),
  async open(data, settings) {
    const given = isPairDataset(data) ? { train: data } : (data as PairsInMemory | PairDatasets);
    const { train, test } = (await memoryImages.open(given, settings)) as { train: LocatedPairs; test?: LocatedPairs };
    const captionsOf = (part: CaptionedImages | PairsInMemory | PairsInMemory['test'] | undefined) => part?.captions ?? [];
    const own = 'train' in given ? captionsOf(given.train) : captionsOf(given);
    const judged = captionsOf(given.test);
    const with_ = (images: LocatedPairs, captions: readonly string[]): LocatedPairs => {
      const limited = captions.slice(0, images.length);
      assertTexts(limited, images.length, images.name);
      return { ...images, captions: limited, read: (indices) => images.read(indices) };
    };
    const { tokenizer } = given as { tokenizer?: GivenTokenizer };
    return { train: with_(train, own), ...(test && { test: with_(test, judged) }), ...(tokenizer !== undefined && { tokenizer }) };
  },
};

/** Opens `captioned-shapes`: made-up images with sentences, 4,000 to train on and 1,000 to test on, of 32 pixels unless `imageSize` says otherwise. */
export const captionedShapesPairs: DatasetOpener<OpenedPairs> = {
  name: 'captioned-shapes',
  modality: 'image-text',
  procedural: true,
  accepts: (data) => data === 'captioned-shapes',
  open(_, settings) {
    const { seed, limit = 4000, testLimit = 1000, options, usualSize = 32 } = settings;
    const { imageSize = usualSize, channels = 3 } = options as { imageSize?: GivenImageSize; channels?: number };
    const [size, width = size] = [imageSizeOfOptions(imageSize)].flat() as [number, number?];
    if (size !== width || channels !== 3)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `captioned shapes are square and have 3 channels, got ${size}x${width} and ${channels}; use photos with captions`,
      );
    const train = captionedShapes({ count: limit, seed, split: 'train', size });
    return Promise.resolve({ train, ...(testLimit > 0 && { test: captionedShapes({ count: testLimit, seed, split: 'test', size }) }) });
  },
};

/** Images that an encoder of images with texts is used on. */
export const imagesForPairs: readonly DatasetOpener<OpenedImageData>[] = [memoryImages, shapesImages].map((opener) => ({
  ...opener,
  modality: 'image-text',
  recognizes: () => false,
}));

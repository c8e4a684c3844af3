import { SelfsupError } from '@selfsup/core';
import type { ImageDataset, ImagePixels } from '../image-dataset.ts';
import type { TokenDataset, TokenRows } from './token-dataset.ts';

/** Rows of images and their texts; `toImages` and `toTokens` make tensors of them. */
export interface ImageTextRows {
  /** The images. */
  readonly images: ImagePixels;
  /** The tokens of their texts, row by row. */
  readonly tokens: TokenRows;
  /** `[n]`: which pairs these rows are. */
  readonly indices: Int32Array;
}

/** Images and texts that belong together, to be read by index; `createLoader` makes batches of them. */
export interface ImageTextPairs {
  /** What they are called in logs. */
  readonly name: string;
  /** What its rows are called in messages. */
  readonly unit: 'pairs';
  /** How many. */
  readonly length: number;
  /**
   * Reads pairs.
   *
   * @param indices which, each in 0 … length − 1; repeats are allowed
   * @returns their images and tokens in the order asked for, without those whose image could not be decoded
   */
  read(indices: ArrayLike<number>): Promise<ImageTextRows>;
}

/** Only the first tokens of rows, as many as the longest text has: what is filling in all of them costs time and says nothing. */
function withoutFilling({ tokenIds, attentionMask, shape: [n, length], indices }: TokenRows): TokenRows {
  let longest = 1;
  for (let row = 0; row < n; row++)
    longest = Math.max(longest, attentionMask.subarray(row * length, (row + 1) * length).lastIndexOf(1) + 1);
  if (longest === length) return { tokenIds, attentionMask, shape: [n, length], indices };
  const cut = (values: Int32Array) => {
    const kept = new Int32Array(n * longest);
    for (let row = 0; row < n; row++) kept.set(values.subarray(row * length, row * length + longest), row * longest);
    return kept;
  };
  return { tokenIds: cut(tokenIds), attentionMask: cut(attentionMask), shape: [n, longest], indices };
}

/**
 * Joins images with their texts, row by row.
 *
 * @param images the images
 * @param texts as many sequences, row i of the text of image i; batches are as long as their longest text
 * @returns the pairs
 * @throws SelfsupError `SELFSUP_DATA` when there is not one text for each image
 * @example
 * ```ts
 * import { captionedShapes } from '@selfsup/data';
 * import { arrayTexts, imageTextPairs, trainWordPiece, wordPieceTokenizer } from '@selfsup/data/text';
 * const images = captionedShapes({ count: 100, seed: 0 });
 * const tokenizer = wordPieceTokenizer(await trainWordPiece(images.captions, { units: 'words' }));
 * const pairs = imageTextPairs(images, arrayTexts(images.captions, { tokenizer, length: 16 }));
 * const { tokens } = await pairs.read([0, 1]);
 * console.log(tokens.shape);
 * ```
 */
export function imageTextPairs(images: ImageDataset, texts: TokenDataset): ImageTextPairs {
  const { name, length } = images;
  if (texts.length !== length)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `imageTextPairs: ${name} must have a text for each of its ${length} images, got ${texts.length}`,
    );
  return {
    name,
    unit: 'pairs',
    length,
    async read(indices) {
      const pixels = await images.read(indices);
      return { images: pixels, tokens: withoutFilling(await texts.read(pixels.indices)), indices: pixels.indices };
    },
  };
}

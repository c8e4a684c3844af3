import { expect, it } from 'vitest';
import { arrayImages } from '../array-images.ts';
import { arrayTexts } from './array-texts.ts';
import { imageTextPairs } from './image-text-pairs.ts';
import { wordPieceTokenizer } from './word-piece-tokenizer.ts';

const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b']);
const images = arrayImages(Uint8Array.of(0, 1, 2), [3, 1, 1, 1]);

it('reads images with their texts, as long as the longest of them', async () => {
  const pairs = imageTextPairs(images, arrayTexts(['a', 'b b b', 'b'], { tokenizer, length: 9 }));
  const { images: pixels, tokens, indices } = await pairs.read([2, 0]);
  expect([Array.from(pixels.pixels), Array.from(indices)]).toEqual([
    [2, 0],
    [2, 0],
  ]);
  expect([tokens.shape, Array.from(tokens.tokenIds)]).toEqual([
    [2, 3],
    [2, 5, 3, 2, 4, 3],
  ]);
  expect((await pairs.read([1, 0])).tokens.attentionMask).toEqual(Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0));
  // one that could not be decoded is left out with its text
  const some = {
    ...images,
    read: () => Promise.resolve({ pixels: Uint8Array.of(1), shape: [1, 1, 1, 1] as const, indices: Int32Array.of(1) }),
  };
  expect((await imageTextPairs(some, arrayTexts(['a', 'b b b', 'b'], { tokenizer, length: 9 })).read([0, 1])).tokens.shape).toEqual([1, 5]);
});

it('says when texts are missing', () => {
  expect(() => imageTextPairs(images, arrayTexts(['a'], { tokenizer }))).toThrow('must have a text for each of its 3 images, got 1');
});

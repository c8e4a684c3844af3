import { expect, it } from 'vitest';
import { sentinelIds, sentinelTokens } from './sentinels.ts';
import { trainWordPiece } from './train-word-piece.ts';
import { wordPieceTokenizer } from './word-piece-tokenizer.ts';

it('sentinels are found under the names of T5 and of BERT, in order, without gaps', async () => {
  expect(sentinelTokens(2)).toEqual(['<extra_id_0>', '<extra_id_1>']);
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const learned = await trainWordPiece(['a cat and a cat'], { vocabularySize: 40, specialTokens: [...special, ...sentinelTokens(3)] });
  const tokenizer = wordPieceTokenizer(learned);
  expect(sentinelIds(tokenizer)).toEqual([5, 6, 7]);
  expect(sentinelIds(tokenizer, { most: 2 })).toEqual([5, 6]);
  expect([...tokenizer.encode('a <extra_id_0> cat').ids].some((id) => id >= 5 && id < 8)).toBe(false); // no text has them
  expect(sentinelIds(wordPieceTokenizer(['[unused1]', '[UNK]', '[unused0]', '[unused3]']))).toEqual([2, 0]);
  expect(sentinelIds(wordPieceTokenizer(['[UNK]', 'cat']))).toEqual([]);
  expect(() => sentinelIds(tokenizer, { needed: 4 })).toThrow(
    'sentinelIds: `tokenizer` must have 4 tokens <extra_id_0>, <extra_id_1> …, or [unused0], [unused1] …, got 3; add them behind its vocabulary',
  );
});

import { wordPieceTokenizer } from '@selfsup/data/text';
import { expect, it } from 'vitest';
import { tokenizerConfig } from './tokenizer-config.ts';

const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a'];

it.each([true, false])('names special tokens, class and length (lowercase %s)', async (lowercase) => {
  const json = JSON.stringify(wordPieceTokenizer(tokens, { lowercase }).toJson());
  const special = { unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]' };
  expect(await tokenizerConfig(json, { maxLength: 64 })).toEqual({
    config: { tokenizer_class: 'BertTokenizer', model_max_length: 64, do_lower_case: lowercase, ...special },
    special,
  });
});

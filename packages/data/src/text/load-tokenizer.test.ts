import { describe, expect, it } from 'vitest';
import { loadTokenizer } from './load-tokenizer.ts';
import { wordPieceTokenizer } from './word-piece-tokenizer.ts';

/** GPT-2's table: printable bytes are themselves, the others follow from Ā on. */
const byteNames = () => {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(printable(b) ? b : next++));
};

/** A byte-level tokenizer with a few merges, as RoBERTa (`pair` with `<s>`) or GPT-2 (no special tokens around) has it. */
function byteLevelJson(roberta: boolean) {
  const merges = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'Ġw o', 'Ã ©'];
  const names = ['<s>', '<pad>', '</s>', '<unk>', ...byteNames(), ...merges.map((merge) => merge.replace(' ', '')), '<mask>'];
  const vocab = Object.fromEntries(names.map((name, id) => [name, id]));
  const added = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];
  const flags = { single_word: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((content) => ({ id: vocab[content]!, content, ...flags, lstrip: content === '<mask>' })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: roberta
      ? { type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 0], trim_offsets: true, add_prefix_space: false }
      : { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}

describe('byte-level BPE', () => {
  it('merges, and gives offsets without the space before a word', async () => {
    const tokenizer = await loadTokenizer(JSON.stringify(byteLevelJson(true)));
    expect(tokenizer).toMatchObject({ kind: 'byte-level-bpe', vocabularySize: 268, specialIds: [0, 1, 2, 3, 267] });
    expect(tokenizer.special).toEqual({ pad: 1, unknown: 3, classify: 0, separator: 2, mask: 267 });
    const text = 'hello world é😀';
    const { ids, offsets } = tokenizer.encode(text);
    const tokens = Array.from(ids, (id) => tokenizer.tokenOf(id));
    expect(tokens).toEqual(['<s>', 'hello', 'Ġwo', 'r', 'l', 'd', 'Ġ', 'Ã©', 'ð', 'Ł', 'ĺ', 'Ģ', '</s>']);
    expect([...offsets]).toEqual([0, 0, 0, 5, 6, 8, 8, 9, 9, 10, 10, 11, 12, 12, 12, 13, 13, 15, 13, 15, 13, 15, 13, 15, 0, 0]);
    expect(Array.from(ids, (id) => tokenizer.isContinuation(id)).slice(1, 6)).toEqual([true, false, true, true, true]);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.idOf('Ġwo')).toBe(265);
  });

  it('puts the special tokens of the file around texts', async () => {
    const roberta = await loadTokenizer(byteLevelJson(true));
    const h = roberta.idOf('h')!;
    expect([...roberta.encode('h', { pair: 'h' }).ids]).toEqual([0, h, 2, 2, h, 2]);
    expect([...roberta.encode('hhhh', { pair: 'h', maxLength: 6 }).ids]).toEqual([0, h, 2, 2, h, 2]);
    const plain = await loadTokenizer(byteLevelJson(false));
    expect([...plain.encode('h', { pair: 'h' }).ids]).toEqual([h, h]);
    expect([...plain.encode('h wo').offsets]).toEqual([0, 1, 1, 4]); // not trimmed
    expect(plain.encode('').ids.length).toBe(0);
  });

  it('finds added tokens, and the space that they swallow', async () => {
    const tokenizer = await loadTokenizer(byteLevelJson(true));
    const { ids, offsets } = tokenizer.encode('hello <mask> wo', { addSpecialTokens: false });
    expect(Array.from(ids, (id) => tokenizer.tokenOf(id))).toEqual(['hello', '<mask>', 'Ġwo']);
    expect([...offsets]).toEqual([0, 5, 6, 12, 13, 15]);
  });
});

describe('loadTokenizer', () => {
  it('makes the same tokenizer of what a tokenizer writes', async () => {
    const cased = wordPieceTokenizer(['[UNK]', '[CLS]', '[SEP]', 'Sea', '@@s'], { lowercase: false, continuationPrefix: '@@' });
    const again = await loadTokenizer(JSON.stringify(cased.toJson()));
    expect(again.encode('Seas sea')).toEqual(cased.encode('Seas sea'));
    expect([...again.encode('Seas sea').ids]).toEqual([1, 3, 4, 0, 2]);
    expect(again.toJson()).toEqual(cased.toJson());
    const bytes = byteLevelJson(true);
    expect((await loadTokenizer(bytes)).toJson()).toEqual(bytes);
  });

  it.each([
    ['{', 'tokenizer.json is no JSON'],
    ['[]', 'must be an object'],
    ['{}', 'must have a `model`'],
    ['{"model":{"type":"Unigram"}}', 'got model Unigram, normalizer none, pre-tokenizer none'],
    [JSON.stringify({ ...byteLevelJson(true), normalizer: { type: 'NFC' } }), 'got model BPE, normalizer NFC, pre-tokenizer ByteLevel'],
    [JSON.stringify({ ...byteLevelJson(true), model: { type: 'BPE', vocab: { a: 0, b: 0 } } }), 'got 0 for "b"'],
    [JSON.stringify({ ...byteLevelJson(true), model: { type: 'BPE', vocab: { a: 1e12 } } }), 'an id of its own'],
    [
      JSON.stringify({ ...wordPieceTokenizer('[UNK]').toJson(), model: { type: 'WordPiece', vocab: { '[UNK]': 0, b: 2 } } }),
      'no token of `model.vocab` has id 1',
    ],
    [
      JSON.stringify({ ...wordPieceTokenizer('[UNK]').toJson(), model: { type: 'WordPiece', vocab: { a: 0 } } }),
      'must have the unknown token',
    ],
    [
      JSON.stringify({ ...wordPieceTokenizer('[UNK]').toJson(), normalizer: { type: 'BertNormalizer', clean_text: false } }),
      '`clean_text`',
    ],
  ])('refuses %.60s', async (json, message) => {
    await expect(loadTokenizer(json)).rejects.toThrow(message);
    await expect(loadTokenizer(json)).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
  });
});

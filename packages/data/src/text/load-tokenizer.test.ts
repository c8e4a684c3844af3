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
    ['{', 'tokenizer.json is not valid JSON'],
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

  const bert = (change: Record<string, unknown> = {}) => ({
    ...wordPieceTokenizer(['[UNK]', '[CLS]', '[SEP]', 'sea', '##s']).toJson(),
    ...change,
  });
  const model = (change: Record<string, unknown>) => bert({ model: { ...(bert() as { model: object }).model, ...change } });
  const nested = (depth: number): string => `${'{"type":"Sequence","pretokenizers":['.repeat(depth)}${']}'.repeat(depth)}`;
  const added = (change: Record<string, unknown>) => bert({ added_tokens: [{ id: 5, content: 'x', ...change }] });

  it.each<[string | Record<string, unknown>, string]>([
    [JSON.stringify(bert()).replace('{"type":"BertPreTokenizer"}', nested(20_000)), 'must not be nested more than 32 levels deep'],
    [
      bert({ pre_tokenizer: { type: 'Sequence', pretokenizers: new Array(65).fill({ type: 'BertPreTokenizer' }) } }),
      'must have at most 64 parts in its `pre_tokenizer`',
    ],
    [bert({ pre_tokenizer: { type: 'Sequence', pretokenizers: 5 } }), 'must have a list as `pretokenizers` of a Sequence, got 5'],
    [bert({ pre_tokenizer: { type: 'Sequence', pretokenizers: [null, 7] } }), 'must have objects as parts of its `pre_tokenizer`, got 7'],
    [bert({ pre_tokenizer: 5 }), 'must have an object or null as `pre_tokenizer`, got 5'],
    [
      bert({ pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'BertPreTokenizer' }, { type: 'Digits' }] } }),
      'pre-tokenizer BertPreTokenizer + Digits',
    ],
    [bert({ normalizer: [] }), 'must have an object or null as `normalizer`, got a list'],
    [bert({ normalizer: { type: 'BertNormalizer', lowercase: 'no' } }), 'must have a boolean as `normalizer.lowercase`, got "no"'],
    [bert({ model: 3 }), 'must have an object or null as `model`, got 3'],
    [bert({ model: null }), 'must have a `model`'],
    [bert({ model: { type: { a: 1 } } }), 'got model an object'],
    [model({ continuing_subword_prefix: 5 }), 'must have a string as `model.continuing_subword_prefix`, got 5'],
    [model({ unk_token: {} }), 'must have a string as `model.unk_token`, got an object'],
    [model({ max_input_chars_per_word: '100' }), 'must have a number as `model.max_input_chars_per_word`, got "100"'],
    [model({ max_input_chars_per_word: 0.5 }), 'must have an integer >= 1 as `model.max_input_chars_per_word`, got 0.5'],
    [model({ vocab: [] }), 'must have the vocabulary as `model.vocab`, got a list'],
    [model({ vocab: { '[UNK]': 0, 'a\u001b\n': '1' } }), String.raw`got "1" for "a\u001b\n"`],
    [bert({ added_tokens: 'x' }), 'must have a list as `added_tokens`, got "x"'],
    [bert({ added_tokens: [3] }), 'must have objects in `added_tokens`, got 3 as number 0'],
    [added({ id: 7 }), 'must give the added token "x" the id 5, the next one behind `model.vocab`, got 7'],
    [added({ content: 'sea' }), 'must give the added token "sea" the id 3, as in `model.vocab`, got 5'],
    [added({ content: '' }), 'must have the token as `added_tokens[0].content`, got ""'],
    [added({ content: 5 }), 'must have the token as `added_tokens[0].content`, got 5'],
    [added({ lstrip: 1 }), 'must have a boolean as `added_tokens[0].lstrip`, got 1'],
    [
      bert({
        added_tokens: [
          { id: 5, content: 'x' },
          { id: 5, content: 'x' },
        ],
      }),
      'must have each token once in `added_tokens`, got "x" twice',
    ],
    [bert({ post_processor: { type: 'RobertaProcessing' } }), 'must have a `post_processor` of type TemplateProcessing or BertProcessing'],
    [bert({ post_processor: { type: 'TemplateProcessing', single: [], pair: [] } }), 'with special tokens only around the texts'],
    [
      bert({ post_processor: { type: 'BertProcessing', sep: ['[SEP]', 99], cls: ['[CLS]', 1] } }),
      'must have ids below 5 in its `post_processor`, got 99',
    ],
    [
      { ...byteLevelJson(true), model: { ...byteLevelJson(true).model, unk_token: '<gone>' } },
      'must have the unknown token "<gone>" in `model.vocab` or `added_tokens`',
    ],
    [{ ...byteLevelJson(true), added_tokens: [{ id: 0, content: 7 }] }, 'must have the token as `added_tokens[0].content`, got 7'],
    [{ ...byteLevelJson(true), pre_tokenizer: { type: 'Sequence', pretokenizers: 5 } }, 'must have a list as `pretokenizers`'],
  ])('refuses what is not of the form: %.100j', async (json, message) => {
    await expect(loadTokenizer(json)).rejects.toMatchObject({ code: 'SELFSUP_DATA', message: expect.stringContaining(message) as string });
  });

  it('refuses what is nested so deeply that it cannot be written again', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const json = JSON.stringify(byteLevelJson(true)).replace('{', `{"more":${deep},`);
    await expect(loadTokenizer(json)).rejects.toThrow('loadTokenizer: tokenizer.json must not be nested more than 32 levels deep');
  });

  it('names the file in print', async () => {
    await expect(loadTokenizer('{"\u202e', { name: 'a\nb.json' })).rejects.toThrow(
      /^loadTokenizer: a\\nb\.json is not valid JSON: [^\n\u202e]+$/,
    );
  });
});

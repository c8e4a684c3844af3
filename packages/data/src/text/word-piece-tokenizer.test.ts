import { describe, expect, it } from 'vitest';
import { codePointOffsets } from './code-point-offsets.ts';
import { specialTokenId } from './tokenizer.ts';
import { wordPieceTokenizer } from './word-piece-tokenizer.ts';

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'run', '##n', '##ing', 'sea', 'é', '!', ',', "'", 's', '=', 'σ', '##σ'];
const tokenizer = wordPieceTokenizer(words);
const tokens = (text: string, t = tokenizer) => Array.from(t.encode(text, { addSpecialTokens: false }).ids, (id) => t.tokenOf(id));

describe('wordPieceTokenizer', () => {
  it('spells words with the longest pieces and marks what goes on', () => {
    expect(tokens('Running, sea!')).toEqual(['run', '##n', '##ing', ',', 'sea', '!']);
    expect(tokens('runx sea')).toEqual(['[UNK]', 'sea']);
    expect(words.map((_, id) => tokenizer.isContinuation(id))).toEqual(words.map((word) => word.startsWith('##')));
    expect(tokenizer.idOf('sea')).toBe(8);
    expect(tokenizer.idOf('tree')).toBeUndefined();
    expect(tokenizer.tokenOf(99)).toBeUndefined();
  });

  it('lowers each letter on its own, and finds punctuation that decomposition brings to light', () => {
    expect(tokens('ΣΣ')).toEqual(['σ', '##σ']); // a whole word would end in ς
    const { ids, offsets } = tokenizer.encode('sea≠sea', { addSpecialTokens: false });
    expect(Array.from(ids, (id) => tokenizer.tokenOf(id))).toEqual(['sea', '=', 'sea']);
    expect([...offsets]).toEqual([0, 3, 3, 4, 4, 7]);
  });

  it('keeps case and accents where asked to', () => {
    expect(tokens('é É', wordPieceTokenizer(words, { lowercase: false }))).toEqual(['é', '[UNK]']);
    expect(tokens('é É', wordPieceTokenizer(words, { stripAccents: false }))).toEqual(['é', 'é']);
  });

  it('puts a pair together and cuts the longer text first', () => {
    const encode = (maxLength?: number) => tokenizer.encode('sea sea sea sea', { pair: 'run run', ...(maxLength && { maxLength }) });
    expect([...encode().ids]).toEqual([2, 8, 8, 8, 8, 3, 5, 5, 3]);
    expect([...encode().segmentIds]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect([...encode(7).ids]).toEqual([2, 8, 8, 3, 5, 5, 3]);
    expect([...encode(6).ids]).toEqual([2, 8, 3, 5, 5, 3]);
    expect([...encode(6).offsets]).toEqual([0, 0, 0, 3, 0, 0, 0, 3, 4, 7, 0, 0]);
    expect([...encode(5).ids]).toEqual([2, 8, 3, 5, 3]);
    expect([...encode(3).ids]).toEqual([2, 3, 3]);
    expect([...tokenizer.encode('sea run', { maxLength: 3 }).ids]).toEqual([2, 8, 3]);
    expect(() => encode(2)).toThrow('encode: `maxLength` must be an integer >= 3, got 2');
  });

  it('decodes', () => {
    const { ids } = tokenizer.encode("Sea's running, sea!");
    expect(tokenizer.decode(ids)).toBe("sea's running, sea!");
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe("[CLS] sea's running, sea! [SEP]");
    expect(tokenizer.decode([99])).toBe('[UNK]');
  });

  it('adds tokens behind the vocabulary', () => {
    const added = wordPieceTokenizer(words, {
      addedTokens: [{ content: '[URL]' }, { content: 'run', singleWord: true }, { content: '<user>', special: true, lstrip: true }],
    });
    expect(added).toMatchObject({ vocabularySize: 19, specialIds: [0, 1, 2, 3, 4, 18] });
    expect(tokens('sea [url]s Run running  <user><USER>', added)).toEqual([
      'sea',
      '[URL]',
      's',
      'run',
      'run',
      '##n',
      '##ing',
      '<user>',
      '[UNK]',
      '[UNK]',
      '[UNK]',
    ]);
    expect([added.idOf('[URL]'), added.tokenOf(17), added.idOf('run'), added.isContinuation(17)]).toEqual([17, '[URL]', 5, false]);
    const { ids, offsets } = added.encode('sea <user>', { addSpecialTokens: false });
    expect([[...ids], [...offsets]]).toEqual([
      [8, 18],
      [0, 3, 3, 10],
    ]);
    expect([added.decode([8, 17, 18]), added.decode([8, 18], { skipSpecialTokens: false })]).toEqual(['sea [url]', 'sea <user>']);
    expect(() => wordPieceTokenizer(words, { addedTokens: [{ content: '' }] })).toThrow('`addedTokens` must each have a `content`');
    expect(() => wordPieceTokenizer(words, { addedTokens: [{ content: 'a' }, { content: 'a' }] })).toThrow('got a twice');
    expect(() => wordPieceTokenizer(words, { addedTokens: [{ content: '[MASK]' }] })).toThrow(
      'and from the special tokens, got [MASK] twice',
    );
  });

  it('takes a word without end, and does not remember it', () => {
    const long = 'a'.repeat(5_000_000);
    const { ids, offsets } = tokenizer.encode(`sea ${long} sea`, { addSpecialTokens: false });
    expect([...ids]).toEqual([8, 1, 8]);
    expect([...offsets]).toEqual([0, 3, 4, 5_000_004, 5_000_005, 5_000_008]);
  });

  it('gives the same with a full cache', () => {
    const one = wordPieceTokenizer(words);
    const before = tokens('running sea', one);
    const many = Array.from({ length: 140_000 }, (_, i) => `w${i}`).join(' ');
    expect(one.encode(many, { addSpecialTokens: false }).ids.every((id) => id === 1)).toBe(true);
    expect(tokens('running sea', one)).toEqual(before);
  });

  it('reads vocab.txt with any line ends, and says what is wrong with a vocabulary', () => {
    expect(wordPieceTokenizer('\ufeff[UNK]\r\nsea\r\n').vocabularySize).toBe(2);
    const refuse = (vocabulary: string | string[], message: string) => {
      expect(() => wordPieceTokenizer(vocabulary)).toThrow(expect.objectContaining({ code: 'SELFSUP_DATA', message: expect.stringContaining(message) as string }) as Error); // prettier-ignore
    };
    refuse('', '`vocabulary` must have at least one token, got none');
    refuse('[UNK]\n\nsea', 'line 2 of 3 is empty');
    refuse('[UNK]\nsea\nsea\n', '"sea" is on lines 2 and 3');
    refuse('sea\nrun\n', '`vocabulary` must have the unknown token [UNK]');
    expect(() => wordPieceTokenizer('[UNK]', { specialTokens: { mask: '<mask>' } })).toThrow('must have the mask token <mask>');
    expect(() => wordPieceTokenizer('[UNK]', { maxWordCharacters: 0 })).toThrow('`maxWordCharacters` must be an integer >= 1, got 0');
  });

  it('says which special token a vocabulary lacks', () => {
    expect(specialTokenId(tokenizer, 'mask')).toBe(4);
    expect(() => specialTokenId(wordPieceTokenizer('[UNK]\n[CLS]\n[SEP]\n[PAD]\nsea'), 'mask')).toThrow(
      '`tokenizer` must have a mask token such as [MASK], but its vocabulary has none',
    );
  });
});

describe('codePointOffsets', () => {
  it('counts a surrogate pair as one', () => {
    expect([...codePointOffsets('a😀b', [0, 1, 3, 4])]).toEqual([0, 1, 2, 3]);
    expect([...codePointOffsets('', [0])]).toEqual([0]);
  });
});

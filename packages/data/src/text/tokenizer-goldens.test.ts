import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isDropped, isPunctuation, isWhitespace } from './character-class.ts';
import { codePointOffsets } from './code-point-offsets.ts';
import { loadTokenizer } from './load-tokenizer.ts';
import { normalizeChunk, visitChunks } from './split-words.ts';
import type { Encoding, Tokenizer } from './tokenizer.ts';
import { wordPieceTokenizer } from './word-piece-tokenizer.ts';

// Real files, kept outside the repository: SELFSUP_DATA, or shared/data beside the checkout.
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const root = join(process.env.SELFSUP_DATA ?? resolve(repository, '../shared/data'), 'bert-base-uncased');
const absent = !existsSync(root);
if (absent) console.warn(`skipped: there is no ${root}; set SELFSUP_DATA to the folder of the real data`);
const content = (name: string) => readFileSync(join(root, name), 'utf8');

interface Golden {
  source: string;
  text: string;
  pair?: string;
  ids: number[];
  tokens?: string[];
  offsets_codepoints?: number[][];
  type_ids?: number[];
}

/** Offsets in code points, each in the text it belongs to. */
function pointsOf(text: string, pair: string | undefined, { offsets, segmentIds }: Encoding): number[][] {
  const [first, second] = [codePointOffsets(text, offsets.filter((_, i) => segmentIds[i >> 1] === 0)), codePointOffsets(pair ?? '', offsets.filter((_, i) => segmentIds[i >> 1] === 1))]; // prettier-ignore
  const flat = [...first, ...second];
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);
}

describe.skipIf(absent)('the goldens of Hugging Face tokenizers', () => {
  const kinds: [string, () => Promise<Tokenizer>][] = [
    ['vocab.txt', () => Promise.resolve(wordPieceTokenizer(content('vocab.txt')))],
    ['tokenizer.json', () => loadTokenizer(content('tokenizer.json'))],
    ['our own tokenizer.json', async () => loadTokenizer(JSON.stringify(wordPieceTokenizer(content('vocab.txt')).toJson()))],
  ];
  it.each(kinds)('all of them, ids, tokens and offsets: %s', async (_, open) => {
    const tokenizer = await open();
    expect(tokenizer).toMatchObject({ vocabularySize: 30_522, specialIds: [0, 100, 101, 102, 103] });
    const goldens = content('golden_hf_tokenizers.jsonl').trim().split('\n').map((line) => JSON.parse(line) as Golden); // prettier-ignore
    expect(goldens.length).toBe(538);
    let withOffsets = 0;
    for (const { source, text, pair, ids, tokens, offsets_codepoints, type_ids } of goldens) {
      const encoding = tokenizer.encode(text, pair === undefined ? {} : { pair });
      const label = `${source}: ${text.slice(0, 80)}`;
      expect([...encoding.ids], label).toEqual(ids);
      if (tokens)
        expect(
          Array.from(encoding.ids, (id) => tokenizer.tokenOf(id)),
          label,
        ).toEqual(tokens);
      if (offsets_codepoints) expect(pointsOf(text, pair, encoding), label).toEqual(offsets_codepoints);
      withOffsets += offsets_codepoints ? 1 : 0;
      if (type_ids) expect([...encoding.segmentIds], label).toEqual(type_ids);
    }
    expect(withOffsets).toBeGreaterThan(36);
  });

  it('has added tokens where they have them', async () => {
    const flags = { single_word: false, lstrip: false, rstrip: false };
    const json = JSON.parse(content('tokenizer.json')) as { added_tokens: unknown[] };
    json.added_tokens.push(
      { id: 30522, content: 'covid19', ...flags, normalized: true, special: false },
      { id: 30523, content: '[URL]', ...flags, normalized: true, special: false },
      { id: 30524, content: '<user>', ...flags, normalized: false, special: true },
    );
    const tokenizer = await loadTokenizer(JSON.stringify(json));
    expect([...tokenizer.encode('see [URL] about covid19 by <user> now').ids]).toEqual([
      101, 2156, 30523, 2055, 30522, 2011, 30524, 2085, 102,
    ]);
    expect(tokenizer.vocabularySize).toBe(30525);
    const same = wordPieceTokenizer(content('vocab.txt'), {
      addedTokens: [{ content: 'covid19' }, { content: '[URL]' }, { content: '<user>', special: true }],
    });
    expect(same.toJson().added_tokens).toEqual(json.added_tokens);
  });

  it('writes tokenizer.json as they do', () => {
    const theirs = JSON.parse(content('tokenizer.json')) as { normalizer: Record<string, unknown> };
    const ours = wordPieceTokenizer(content('vocab.txt')).toJson();
    expect({ ...ours, model: undefined }).toEqual({
      ...theirs,
      model: undefined,
      normalizer: { ...theirs.normalizer, strip_accents: true }, // null there: as lowercase
    });
    expect((ours.model as { vocab: unknown }).vocab).toEqual((theirs as unknown as { model: { vocab: unknown } }).model.vocab);
  });
});

describe.skipIf(absent)('published cases', () => {
  interface Case {
    vocab: string[];
    lowercase: boolean;
    text: string;
    tokens: string[];
    ids: number[];
  }
  const cases = (): Record<string, unknown> => JSON.parse(content('published_cases.json')) as Record<string, unknown>;
  const tokensOf = (tokenizer: Tokenizer, text: string) =>
    Array.from(tokenizer.encode(text, { addSpecialTokens: false }).ids, (id) => tokenizer.tokenOf(id));

  it('full tokenizer and WordPiece', () => {
    const { full_tokenizer: full, wordpiece } = cases() as { full_tokenizer: Case[]; wordpiece: Case[] };
    expect([full.length, wordpiece.length]).toEqual([1, 3]);
    for (const { vocab, text, tokens, ids, lowercase } of full) {
      const tokenizer = wordPieceTokenizer(vocab, { lowercase });
      expect(tokensOf(tokenizer, text)).toEqual(tokens);
      expect([...tokenizer.encode(text, { addSpecialTokens: false }).ids]).toEqual(ids);
    }
    for (const { vocab, text, tokens } of wordpiece)
      expect(tokensOf(wordPieceTokenizer(vocab, { lowercase: false }), text)).toEqual(tokens);
  });

  it('basic tokenizer', () => {
    const { basic_tokenizer: basic } = cases() as { basic_tokenizer: Case[] };
    expect(basic.length).toBe(4);
    for (const { text, lowercase, tokens } of basic) {
      const words: string[] = [];
      const add = (start: number, end: number) => {
        for (const word of normalizeChunk(text.slice(start, end), { lowercase, stripAccents: lowercase }, 100))
          words.push(word.characters.join(''));
      };
      visitChunks(text, add, { start: 0, end: text.length });
      expect(words).toEqual(tokens);
    }
  });

  it('classes of characters', () => {
    const all = cases() as Record<'is_whitespace' | 'is_control' | 'is_punctuation', { true: string[]; false: string[] }>;
    const check = (name: keyof typeof all, is: (code: number) => boolean) => {
      expect(all[name].true.length).toBeGreaterThan(0);
      for (const c of all[name].true) expect(is(c.codePointAt(0)!), `${name} ${JSON.stringify(c)}`).toBe(true);
      for (const c of all[name].false) expect(is(c.codePointAt(0)!), `${name} ${JSON.stringify(c)}`).toBe(false);
    };
    check('is_whitespace', isWhitespace);
    check('is_control', isDropped);
    check('is_punctuation', isPunctuation);
  });

  it('pre-tokenizer offsets', () => {
    const published = cases() as { pre_tokenizer_byte_offsets: { text: string; splits: [string, number, number][] }[] };
    for (const { text, splits } of published.pre_tokenizer_byte_offsets) {
      const found: [string, number, number][] = [];
      visitChunks(text, (start, end) => found.push([text.slice(start, end), start, end]), { start: 0, end: text.length });
      expect(found).toEqual(splits);
    }
  });

  it('bert-base-uncased with a pair, with and without special tokens', () => {
    const published = cases() as {
      bert_base_uncased: (Golden & { add_special_tokens: boolean; offsets: number[][]; type_ids: number[] })[];
    };
    const tokenizer = wordPieceTokenizer(content('vocab.txt'));
    expect(published.bert_base_uncased.length).toBe(2);
    for (const { text, pair, add_special_tokens: addSpecialTokens, ids, offsets, type_ids } of published.bert_base_uncased) {
      const encoding = tokenizer.encode(text, { pair: pair!, addSpecialTokens });
      expect([...encoding.ids]).toEqual(ids);
      expect(pointsOf(text, pair, encoding)).toEqual(offsets);
      expect([...encoding.segmentIds]).toEqual(type_ids);
    }
  });
});

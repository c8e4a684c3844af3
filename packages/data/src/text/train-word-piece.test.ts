import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { trainWordPiece } from './train-word-piece.ts';
import { wordPieceTokenizer } from './word-piece-tokenizer.ts';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const train = (text: string, options: Parameters<typeof trainWordPiece>[1] = {}) => trainWordPiece([text], options);

describe('trainWordPiece', () => {
  it('joins the most frequent pair first, and of equals the one with the smaller ids', async () => {
    // hug 10, pug 5, pun 12, bun 4, hugs 5, the counts of Hugging Face's course:
    // ##u ##g 20 and p ##u 17, then p ##u ##n … : ug 20 → ##ug; then ##u ##n 16 → ##un; h ##ug 15 → hug; p ##un 12 → pun
    const text = 'hug '.repeat(10) + 'pug '.repeat(5) + 'pun '.repeat(12) + 'bun '.repeat(4) + 'hugs '.repeat(5);
    const letters = ['b', 'h', 'p', '##g', '##n', '##s', '##u'];
    const joined = ['##ug', '##un', 'hug', 'pun', 'pug', 'hugs', 'bun'];
    expect(await train(text)).toEqual([...special, ...letters, ...joined]);
    expect(await train(text, { vocabularySize: 14 })).toEqual([...special, ...letters, ...joined.slice(0, 2)]);
    expect(await train(text, { minFrequency: 12 })).toEqual([...special, ...letters, ...joined.slice(0, 4)]);
    expect(await train('b a b a')).toEqual([...special, 'a', 'b']);
    expect(await train('ca cb cb ca')).toEqual([...special, 'c', '##a', '##b', 'ca', 'cb']); // both twice
  });

  it('counts a pair of equal pieces once where it overlaps', async () => {
    // (##a, ##a) 4 times, overlaps included, then a ##aa ##a: (a, ##aa) twice, as often as (##aa, ##a)
    expect(await train('aaaa aaaa')).toEqual([...special, 'a', '##a', '##aa', 'aaa', 'aaaa']);
  });

  it('normalizes as the tokenizer does, and takes texts in pieces', async () => {
    expect(await train('École ÉCOLE')).toEqual(expect.arrayContaining(['ecole']));
    expect(await train('École École', { lowercase: false })).toEqual(expect.arrayContaining(['École']));
    async function* pieces() {
      await Promise.resolve();
      yield 'sea ';
      yield 'sea';
    }
    expect(await trainWordPiece(pieces())).toEqual(await train('sea sea'));
  });

  it('leaves rare characters out, with the words that need them', async () => {
    const vocabulary = await train('ab ab ab 字 ax', { maxAlphabet: 2 });
    expect(vocabulary).toEqual([...special, 'a', '##b', 'ab']);
  });

  it('says what is wrong', async () => {
    await expect(train(' \n')).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    await expect(train('abc', { vocabularySize: 7 })).rejects.toThrow(
      '`vocabularySize` must be at least 8, for 5 special tokens and 3 characters, got 7',
    );
    await expect(train('abc', { minFrequency: 0 })).rejects.toThrow('`minFrequency` must be an integer >= 1, got 0');
    await expect(train('abc', { specialTokens: ['x', 'x'] })).rejects.toThrow('`specialTokens` must differ');
  });
});

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const novels = join(process.env.SELFSUP_DATA ?? resolve(repository, '../shared/data'), 'gutenberg');
const absent = !existsSync(novels);
if (absent) console.warn(`skipped: there is no ${novels}; set SELFSUP_DATA to the folder of the real data`);

describe.skipIf(absent)('a vocabulary of novels', () => {
  it('spells every word, comes out the same again, and is most of it whole words', async () => {
    const names = readdirSync(novels).filter((name) => /^(alice|emma|dracula)/.test(name)); // prettier-ignore
    const texts = names.map((name) => readFileSync(join(novels, name), 'utf8'));
    const vocabulary = await trainWordPiece(texts, { vocabularySize: 4000 });
    expect(vocabulary.length).toBe(4000);
    expect(new Set(vocabulary).size).toBe(4000);
    expect(await trainWordPiece(texts, { vocabularySize: 4000 })).toEqual(vocabulary);
    const tokenizer = wordPieceTokenizer(vocabulary);
    let [numTokens, numWords] = [0, 0];
    for (const text of texts) {
      const { ids } = tokenizer.encode(text);
      expect(ids.includes(tokenizer.special.unknown!)).toBe(false);
      numTokens += ids.length;
      numWords += ids.filter((id) => !tokenizer.isContinuation(id)).length;
    }
    expect(numTokens / numWords).toBeLessThan(1.25);
    const sentence = 'the white rabbit was late, and emma knew it.';
    expect(tokenizer.decode(tokenizer.encode(sentence).ids)).toBe(sentence);
  });
});

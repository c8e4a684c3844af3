import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayTexts } from '../../text/array-texts.ts';
import { wordPieceTokenizer } from '../../text/word-piece-tokenizer.ts';
import { openLabeledText, type OpenLabeledTextOptions } from './open-labeled-text.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-labeled-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});
async function read(file: string, content: string | Uint8Array, options: OpenLabeledTextOptions = {}) {
  await writeFile(join(root, file), content);
  const { texts, labels, classNames } = await openLabeledText(join(root, file), options);
  return { texts, labels: [...labels], classNames };
}

describe('openLabeledText', () => {
  it('reads two columns of TSV, in which quotes are text', async () => {
    expect(await read('a.tsv', 'a "good" film\t1\n"bad\t0\r\nfine\t10\n')).toEqual({
      texts: ['a "good" film', '"bad', 'fine'],
      labels: [1, 0, 2],
      classNames: ['0', '1', '10'],
    });
  });

  it('reads CSV with names in the first line, quotes, commas and line ends', async () => {
    const csv = '\ufeffid,label,text\r\n1,pos,"one, ""two""\nthree"\r\n2,neg,four\r\n';
    const expected = { texts: ['one, "two"\nthree', 'four'], labels: [1, 0], classNames: ['neg', 'pos'] };
    expect(await read('a.csv', csv)).toEqual(expected);
    expect(await read('a.data', csv, { format: 'csv', textColumn: 'id', labelColumn: 'text' })).toMatchObject({ texts: ['1', '2'] });
    expect(await read('b.csv', '7,pos,x\n8,neg,y', { textColumn: 2, labelColumn: 1 })).toEqual({ ...expected, texts: ['x', 'y'] });
  });

  it('reads JSON lines', async () => {
    const lines = '{"sentence":"a\\nb","label":1}\n\n{"sentence":"c","label":0}\n';
    expect(await read('a.jsonl', lines)).toEqual({ texts: ['a\nb', 'c'], labels: [1, 0], classNames: ['0', '1'] });
    expect((await read('a.ndjson', '{"q":"x","ok":true}', { textColumn: 'q', labelColumn: 'ok' })).classNames).toEqual(['true']);
  });

  it("reads TREC's Latin-1 lines", async () => {
    const trec = Buffer.from('LOC:city Where is Málaga ?\nHUM:ind Who ?\nLOC:other Where ?\n', 'latin1');
    expect(await read('a.txt', trec)).toEqual({
      texts: ['Where is Málaga ?', 'Who ?', 'Where ?'],
      labels: [1, 0, 1],
      classNames: ['HUM', 'LOC'],
    });
    expect((await read('a.txt', trec, { fine: true })).classNames).toEqual(['HUM:ind', 'LOC:city', 'LOC:other']);
    await expect(read('a.txt', trec, { encoding: 'utf-8' })).rejects.toThrow('must be UTF-8, got 0xe1 at byte 19');
  });

  it('numbers the classes as it is told', async () => {
    expect((await read('a.tsv', 'x\tb\ny\ta', { classNames: ['b', 'c', 'a'] })).labels).toEqual([0, 2]);
    await expect(read('a.tsv', 'x\tb\ny\ta', { classNames: ['b'] })).rejects.toThrow('a.tsv must be of one of the classes b, got a');
  });

  it.each<[string, string, string, OpenLabeledTextOptions?]>([
    ['a.tsv', '', 'must have at least one text with a label, got none'],
    ['a.tsv', 'text\tlabel\n', 'must have at least one text with a label, got none'],
    ['a.tsv', 'x\t1\ny\n', 'is not understood: Invalid Record Length'],
    ['a.tsv', 'x\t1\n \t0\n', 'but line 2 has no text'],
    ['a.tsv', 'x\t1\ny\t\n', 'but line 2 has no label'],
    ['a.tsv', 'x\t1\t2\n', 'must have two columns, text and label, or names in its first line, got 3 columns'],
    ['a.tsv', 'x\t1\n', 'must have the text in column 2 (from 0), but has 2 columns', { textColumn: 2 }],
    ['a.csv', 'label,body\n1,x\n', 'must have a column text, sentence, question, review, content, got label, body'],
    ['a.csv', 'x,"1\n', 'is not understood: Quote Not Closed'],
    ['a.jsonl', '{"text":"x","label":1}\n{"text":', 'but line 2 is none'],
    ['a.jsonl', '[1]', 'but line 1 is none'],
    ['a.jsonl', '{"text":"x"}', 'must have a label, class, category, sentiment, target on each line, but line 1 has text'],
    ['a.jsonl', '{"text":null,"label":1}', 'must have a text, sentence'],
    ['a.txt', 'LOC:city Where ?\nWho ?\n', 'but line 2 is "Who ?"'],
  ])('says what is wrong with %s: %j', async (file, content, message, options) => {
    await expect(read(file, content, options)).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
      message: expect.stringContaining(message) as string,
    });
  });

  it('says when there is no file, or no known format', async () => {
    await expect(openLabeledText(join(root, 'none.tsv'))).rejects.toThrow('there is no file at');
    await expect(read('a.txt', 'plain text')).rejects.toThrow('set `format` to tsv, csv, jsonl or trec');
    await expect(read('a.tsv', Uint8Array.of(0x61, 0xff))).rejects.toThrow('or set `encoding` to latin1');
  });
});

describe('arrayTexts', () => {
  const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'good', 'bad']);

  it('cuts off, fills up and keeps labels', async () => {
    const dataset = arrayTexts(['good', 'bad bad bad'], { tokenizer, length: 4, labels: [1, 0], classNames: ['no', 'yes'] });
    expect(dataset).toMatchObject({ length: 2, sequenceLength: 4, vocabularySize: 6, classNames: ['no', 'yes'] });
    const { tokenIds, attentionMask, shape } = await dataset.read([1, 0]);
    expect([...tokenIds]).toEqual([2, 5, 5, 3, 2, 4, 3, 0]);
    expect([...attentionMask]).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);
    expect(shape).toEqual([2, 4]);
    expect([...dataset.labels!]).toEqual([1, 0]);
  });

  it('refuses what does not fit', () => {
    expect(() => arrayTexts(['a'], { tokenizer, labels: [] })).toThrow('arrayTexts: `labels` must have one label per text (1), got 0');
    expect(() => arrayTexts(['a'], { tokenizer, labels: [2], classNames: ['a'] })).toThrow('`labels[0]` must be an integer from 0 to 0');
    expect(() => arrayTexts(['a'], { tokenizer, length: 1 })).toThrow('`maxLength` must be an integer >= 2, got 1');
    expect(() => arrayTexts(['a'], { tokenizer, length: 0 })).toThrow('`length` must be an integer >= 1, got 0');
  });
});

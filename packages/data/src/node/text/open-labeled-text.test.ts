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

  const messages = Array.from({ length: 30 }, (_, i) => [i % 3 === 0 ? 'spam' : 'ham', `message number ${i}`] as const);

  it('refuses labels and texts that are the wrong way round, and takes them by number', async () => {
    const tsv = messages.map((row) => row.join('\t')).join('\n');
    await expect(read('sms.tsv', tsv)).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
      message: expect.stringMatching(
        /its 30 rows have 2 different texts \(such as "spam"\) and 30 different classes \(such as "message number 0"\); say which .* perhaps the other way round$/,
      ) as string,
    });
    for (const options of [{ labelColumn: 0, textColumn: 1 }, { textColumn: 1 }, { labelColumn: 0 }]) {
      const { texts, classNames, labels } = await read('sms.tsv', tsv, options);
      expect([texts[0], classNames, labels.slice(0, 4)]).toEqual(['message number 0', ['ham', 'spam'], [1, 0, 0, 1]]);
    }
    const right = messages.map(([label, text]) => `${text}\t${label}`);
    expect((await read('sms.tsv', right.join('\n'))).classNames).toEqual(['ham', 'spam']);
    await expect(read('ids.tsv', right.map((row, i) => `${row}${i}`).join('\n'))).rejects.toThrow('30 different texts');
    expect((await read('ids.tsv', right.map((row, i) => `${row}${i}`).join('\n'), { labelColumn: 1 })).classNames).toHaveLength(30); // it was said
    await expect(read('same.tsv', 'yes\t0\nyes\t1\n'.repeat(10))).rejects.toThrow('have 1 different texts');
  });

  it('joins the columns of a text', async () => {
    const rows = messages.map(([label, text]) => `"${label}","Title of ${text}","Body, of ${text}"`).join('\n');
    const expected = 'Title of message number 0\nBody, of message number 0';
    await expect(read('news.csv', rows)).rejects.toThrow(
      /got 3 columns; say which with `textColumn`: .*\['title', 'body'\], and the label with `labelColumn`/,
    );
    expect((await read('news.csv', rows, { labelColumn: 0, textColumn: [1, 2] })).texts[0]).toBe(expected);
    for (const options of [{}, { textColumn: ['Title', 'Description'] }]) {
      const { texts, classNames } = await read('news.csv', `Class Index,Title,Description\n${rows}`, options);
      expect([texts[0], classNames]).toEqual([expected, ['ham', 'spam']]);
    }
    const json = messages.map(([label, text]) => JSON.stringify({ title: text, description: 'x', label })).join('\n');
    expect((await read('news.jsonl', json)).texts[0]).toBe('message number 0\nx');
    expect((await read('news.jsonl', json, { textColumn: ['description', 'title'] })).texts[0]).toBe('x\nmessage number 0');
    await expect(read('news.csv', rows, { labelColumn: 0, textColumn: [] })).rejects.toThrow('`textColumn` is an empty list');
  });

  it('takes the first line as it is told', async () => {
    expect((await read('a.tsv', 'label\tclass\nx\ty\n', { header: false })).texts).toEqual(['label', 'x']);
    expect((await read('a.tsv', 'words\tkind\nx\ty\n', { header: true, textColumn: 0, labelColumn: 1 })).texts).toEqual(['x']);
    await expect(read('a.tsv', 'words\tkind\nx\ty\n', { header: false, textColumn: 'words' })).rejects.toThrow(
      'columns must be numbers from 0',
    );
  });

  it('prints names from the file in one line', async () => {
    await expect(read('a.csv', '"la\u001b[31mbel","te\nxt",class\n1,x,y\n')).rejects.toThrow(
      String.raw`got la\u{1b}[31mbel, te\nxt, class; say`,
    );
    await expect(read('a.tsv', 'x\t\u202eb\ny\ta', { classNames: ['a\u0007'] })).rejects.toThrow(
      String.raw`one of the classes a\u{7}, got \u{202e}b`,
    );
  });

  it('refuses a file beyond the limit', async () => {
    await expect(read('a.tsv', 'x\t1\n', { maxBytes: 3 })).rejects.toThrow('a.tsv must have at most 3 bytes, got 4; raise `maxBytes`');
    await expect(read('a.tsv', 'x\t1\n', { maxBytes: -1 })).rejects.toThrow('`maxBytes` must be an integer >= 1, got -1');
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
    [
      'a.csv',
      'label,words\n1,x\n',
      'must have a column text, sentence, question, review, content, body, message, comment, got label, words; say which with `textColumn`',
    ],
    ['a.csv', 'x,"1\n', 'is not understood: Quote Not Closed'],
    ['a.csv', 'x,1\ny"z",0\n', 'is not understood: Invalid Opening Quote'],
    ['a.jsonl', '{"text":"x","label":1}\n{"text":', 'but line 2 is not: '],
    ['a.jsonl', '[1]', 'but line 1 is not'],
    [
      'a.jsonl',
      '{"text":"x"}',
      'must have a label, class, class index, class_index, category, sentiment, target, intent, topic on each line, but line 1 has text',
    ],
    ['a.jsonl', '{"text":null,"label":1}', 'must have a text, sentence'],
    ['a.txt', 'LOC:city Where ?\nWho ?\n', 'but line 2 is "Who ?"'],
  ])('says what is wrong with %s: %j', async (file, content, message, options) => {
    await expect(read(file, content, options)).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
      message: expect.stringContaining(message) as string,
    });
  });

  it('says when there is no file, or no known format', async () => {
    await expect(openLabeledText(join(root, 'none.tsv'))).rejects.toThrow('none.tsv; check the path');
    await expect(read('a.txt', 'plain text')).rejects.toThrow('set `format` to tsv, csv, jsonl, parquet or trec');
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

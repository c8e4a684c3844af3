import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordPieceTokenizer, type Tokenizer } from '@selfsup/data/text';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sentences, textContext } from '../../../fixtures/tiny-text.ts';
import type { OpenContext } from '../../modality.ts';
import { parseOptions } from '../../option-schema.ts';
import { silentProgress } from '../../progress.ts';
import { settingsSchema } from '../../settings.ts';
import { countSkipped, describeSkipped } from '../../skipped.ts';
import { maskedLanguageTask } from '../../text/recipes/masked-language.ts';
import { openTextSamples } from '../../text/open-text-samples.ts';
import { hashTokenizer } from '../../text/run-tokenizer.ts';
import { textModality } from '../../text/text-modality.ts';
import { textOptions } from '../../text/text-options.ts';
import { asTexts } from '../../text/text-samples.ts';
import { textFiles } from './text-files.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-text-files-'));
const put = (name: string, content: string | Uint8Array) => (writeFileSync(join(root, name), content), join(root, name));

beforeAll(() => {
  vi.stubEnv('XDG_CACHE_HOME', join(root, 'cache'));
  mkdirSync(join(root, 'corpus'));
  put('corpus/a.txt', sentences(40).join('\n\n'));
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** A folder with texts in two folders of classes, as many in each. */
function classFolder(name: string, each: number): string {
  for (const [i, text] of sentences(2 * each).entries()) {
    const label = i % 2 === 0 ? 'even' : 'odd';
    mkdirSync(join(root, name, label), { recursive: true });
    put(join(name, label, `${i}.txt`), `${text}\n${text}\n`);
  }
  return join(root, name);
}

const contextOf = (more: Partial<OpenContext> = {}) =>
  textContext({
    async openDataset<D>(data: unknown, options: Parameters<OpenContext['openDataset']>[1]) {
      expect(textFiles.accepts(data)).toBe(true);
      return (await textFiles.open(data, options)) as D;
    },
    ...more,
  });

function open(data: string, options: object = {}, more: { settings?: object; context?: Partial<OpenContext> } = {}) {
  const settings = settingsSchema.parse({
    task: 'masked-language',
    encoder: 'bert-tiny',
    batchSize: 4,
    learningRate: 1,
    weightDecay: 0,
    testFraction: 0.2,
    ...more.settings,
  });
  const complete = parseOptions(textOptions, { vocabularySize: 120, length: 18, ...options }, { who: 'text' });
  return textModality.open({ data, options: complete, settings, recipe: maskedLanguageTask }, contextOf(more.context));
}

describe('text files to learn from', () => {
  it('are tokenized, with a vocabulary of their own, and documents that are fine enough', async () => {
    const said: string[] = [];
    const progress = {
      ...silentProgress,
      line: (text: string) => said.push(text),
      stage: (name: string) => (said.push(name), { update: () => undefined, end: () => undefined }),
    };
    const data = await open(join(root, 'corpus'), {}, { context: { progress } });
    expect([data.name, data.train.length, data.test!.length, data.testFrom]).toEqual(['a.txt', 32, 8, 'held out']);
    expect(data.fingerprint).toMatchObject({ sequences: 32, heldOut: 8, documentRule: 'blank-line' });
    expect(data.facts).toMatchObject({ files: 1, documents: 40, tokens: 40 * 13, unknownTokens: 0 });
    expect(said).toEqual([
      expect.stringContaining('what blank lines separate count as documents') as string,
      'No `tokenizer` given: learning a WordPiece vocabulary of 120 from the text',
      'Tokenizing',
    ]);
    const resumed = await open(join(root, 'corpus'), {}, { context: { earlier: { input: data.input, files: data.files! } } });
    expect([resumed.input, resumed.fingerprint]).toEqual([data.input, data.fingerprint]);
  });

  it('have the labels of a table, in every sequence of a row, and whole rows are held out', async () => {
    const rows = sentences(20).map((text, i) => `${text} ${text}\t${i % 2 === 0 ? 'even' : 'odd'}`);
    const { train, test, testFrom, facts } = await open(put('labeled.tsv', `text\tlabel\n${rows.join('\n')}\n`));
    expect([train.classNames, testFrom, facts!['documents']]).toEqual([['even', 'odd'], 'held out', 20]);
    expect([train.length, test!.length]).toEqual([32, 8]); // two sequences of each row
    expect([...train.labels!].filter((label) => label === 0).length + [...test!.labels!].filter((label) => label === 0).length).toBe(20);
    for (let i = 0; i < train.length; i += 2) expect(train.labels![i]).toBe(train.labels![i + 1]);
    const bare = put('bare.tsv', `${rows.join('\n')}\n`);
    expect((await open(bare, { textColumn: '0', labelColumn: '1', header: false })).train.classNames).toEqual(['even', 'odd']);
    const warned: string[] = [];
    const progress = { ...silentProgress, warn: (text: string) => void warned.push(text) };
    const numbered = put(
      'numbered.tsv',
      `text\tid\n${sentences(20)
        .map((text, i) => `${text}\t${i}`)
        .join('\n')}\n`,
    );
    expect((await open(numbered, { labelColumn: 'id' }, { context: { progress } })).train.labels).toBeUndefined();
    expect(warned).toEqual(['the labels are not used: 20 classes of 20 rows are too many to measure by']);
    expect((await open(numbered)).train.labels).toBeUndefined();
  });

  it('are named by kind where they are not used', async () => {
    const warned: string[] = [];
    const progress = { ...silentProgress, warn: (text: string) => void warned.push(text) };
    mkdirSync(join(root, 'mixed'));
    put('mixed/a.txt', sentences(40).join('\n\n'));
    for (const name of ['a.jpg', 'b.jpg', 'c.pdf']) put(`mixed/${name}`, '');
    const skipped = (await open(join(root, 'mixed'), {}, { context: { progress } })).skipped();
    expect(skipped.map(({ kind, count }) => [kind, count])).toEqual([['.jpg files', 2], ['.pdf files', 1]]); // prettier-ignore
    expect([countSkipped(skipped), describeSkipped(skipped)]).toEqual([3, '3 (2 .jpg files, 1 .pdf file)']);
    expect(describeSkipped([...skipped, { path: 'x', reason: 'broken' }])).toBe('4 (2 .jpg files, 1 .pdf file, 1 that could not be read)');
    expect(describeSkipped([{ path: 'x', reason: 'broken' }])).toBe('1');
    expect(warned[0]).toMatch(/^skipped 2 \.jpg files, such as a\.jpg: is not named \.txt/);
  });

  it('may be pairs of sentences', async () => {
    const file = put('pairs.txt', Array.from({ length: 12 }, () => 'the cat sat. the dog ran. the bird flew. the fish swam.').join('\n\n'));
    const data = await open(file, { documents: 'blank-line', nextSentence: true });
    const { nextSentenceLabels, segmentIds } = await data.train.dataset.read([0, 1, 2]);
    expect([nextSentenceLabels!.length, segmentIds!.includes(1)]).toEqual([3, true]);
  });

  it('may have bytes that are not valid UTF-8, where they are to be replaced', async () => {
    const content = Buffer.concat([Buffer.from('the cat lives in the house .\n\n'.repeat(60)), Buffer.from([0xff, 0x0a])]);
    const file = put('mixed.txt', content);
    const warned: string[] = [];
    await open(
      file,
      { documents: 'blank-line', invalidUtf8: 'replace' },
      { context: { progress: { ...silentProgress, warn: (text) => warned.push(text) } } },
    );
    expect(warned).toEqual([`replaced 1 places that are not valid UTF-8, the first at byte 1800 of ${file}`]);
    await expect(open(file, { documents: 'blank-line' })).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
      message: expect.stringMatching(/mixed\.txt.*byte 1800/) as string,
    });
  });

  it('have the classes of their folders, in every sequence of a file, and whole files are held out', async () => {
    const folder = classFolder('classes', 10);
    const { name, train, test, testFrom, facts, fingerprint } = await open(folder);
    expect([name, train.classNames, testFrom]).toEqual(['classes', ['even', 'odd'], 'held out']);
    expect([facts!['documents'], facts!['files'], fingerprint['documentRule']]).toEqual([20, 20, 'labeled file']);
    expect([train.length, test!.length, new Set(train.labels).size]).toEqual([32, 8, 2]); // two sequences of each file
    expect((await open(join(folder, '**', '*.txt'))).train.classNames).toEqual(['even', 'odd']);
    expect((await open(folder, { documents: 'line' })).train.labels).toBeUndefined();
    const parts = classFolder('parts/train', 6);
    classFolder('parts/test', 2);
    const split = await open(join(parts, '..'));
    expect([split.train.length, split.test!.length, split.testFrom]).toEqual([24, 8, 'own part']);
  });

  it.each<[string, () => [string, object?], RegExp]>([
    [
      'empty files',
      () => [(mkdirSync(join(root, 'hollow')), put('hollow/a.txt', ''), put('hollow/b.txt', ' \n'), join(root, 'hollow'))],
      /^`data` must have at least one word to learn from, but there is no text in .*hollow; give files with text in them$/,
    ],
    [
      'an empty folder',
      () => [(mkdirSync(join(root, 'void')), join(root, 'void'))],
      /^no file matches .*void; give text files, a folder with \.txt files/,
    ],
    ['no files', () => [join(root, 'nowhere')], /no file matches/],
    [
      'no text',
      () => [put('empty.txt', ''), { documents: 'file', tokenizer: put('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n') }],
      /there is no text in/,
    ],
    [
      'one document',
      () => [join(root, 'corpus'), { documents: 'file' }],
      /^`data` must have at least two documents.* there is one document in .*corpus \(`documents`: file\); give more texts, let `documents` cut finer .*hold nothing out \(`testFraction` 0\)/,
    ],
    [
      'no [MASK]',
      () => [join(root, 'corpus'), { tokenizer: put('maskless.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n') }],
      /must have a mask token such as \[MASK\]/,
    ],
    ['no tokenizer', () => [join(root, 'corpus'), { tokenizer: join(root, 'none.txt') }], /there is no file at .*none\.txt/],
  ])('say what is wrong: %s', async (_, given, message) => {
    await expect(open(...given())).rejects.toThrow(message);
  });
});

describe('texts to encode', () => {
  const tokenizer: Tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cat', 'dog', 'what', 'is']);
  async function samples(data: string, more: object = {}) {
    const input = { vocabularySize: tokenizer.vocabularySize, length: 8, tokenizerHash: await hashTokenizer(tokenizer) };
    const options = parseOptions(textOptions, {}, { who: 'text' });
    const earlier = { input, files: { 'tokenizer.json': JSON.stringify(tokenizer.toJson()) } };
    return openTextSamples({ data, options, seed: 0, testFraction: 0, input, ...more }, contextOf({ earlier }));
  }

  it('are rows with labels, those to judge by in the same classes', async () => {
    const train = put('train.tsv', 'cat\tpet\ndog\tpet\nwhat\tword\n');
    const { train: learned, test } = await samples(train, { testData: put('test.tsv', 'is\tword\n') });
    expect([learned.name, learned.classNames, [...learned.labels!], [...test!.labels!]]).toEqual([
      'train.tsv',
      ['pet', 'word'],
      [0, 0, 1],
      [1],
    ]);
    await expect(samples(train, { testData: put('other.tsv', 'is\tverb\n') })).rejects.toThrow('got verb');
  });

  it('are lines of a .txt, or questions of TREC', async () => {
    const { train } = await samples(put('lines.txt', 'cat\r\n\n dog dog \n'));
    expect([train.length, asTexts(train).texts, train.labels]).toEqual([2, ['cat', 'dog dog'], undefined]);
    const trec = await samples(put('trec.txt', 'DESC:def What is a cat ?\nNUM:count What is dog ?\n'));
    expect([trec.train.classNames, [...trec.train.labels!]]).toEqual([
      ['DESC', 'NUM'],
      [0, 1],
    ]);
  });

  it('are the files of a folder or a pattern, with the classes of their folders', async () => {
    const folder = classFolder('mail', 5);
    for (const data of [folder, join(folder, '**', '*.txt')]) {
      const opened = await samples(data);
      const { name, train } = opened;
      expect([name, train.length, train.classNames, [...train.labels!].filter((label) => label === 1).length]).toEqual([
        'mail',
        10,
        ['even', 'odd'],
        5,
      ]);
      expect(train.ids![0]).toMatch(/mail[\\/]even[\\/]0\.txt$/);
      expect([asTexts(train).texts!.length, opened.skipped()]).toEqual([10, []]);
    }
    const { train, test } = await samples(folder, { testFraction: 0.2 });
    expect([train.length, test!.length, test!.ids!.length, test!.labels!.length]).toEqual([8, 2, 2, 2]);
    const other = await samples(folder, { testData: classFolder('other', 1) });
    expect([...other.test!.labels!]).toEqual([0, 1]);
    const bare = classFolder('bare/even', 2); // one folder within the other
    expect((await samples(join(bare, 'odd'))).train.labels).toBeUndefined();
  });

  it('of a single file are its lines, or what `documents` says, and it is said', async () => {
    const said: string[] = [];
    const progress = { ...silentProgress, line: (text: string) => void said.push(text) };
    const file = put('wrapped.md', 'cat\ndog\n\nwhat\n');
    const textsOf = async (documents?: string) => {
      const input = { vocabularySize: tokenizer.vocabularySize, length: 8, tokenizerHash: await hashTokenizer(tokenizer) };
      const earlier = { input, files: { 'tokenizer.json': JSON.stringify(tokenizer.toJson()) } };
      const given = documents === undefined ? {} : { documents };
      const options = parseOptions(textOptions, { documents: 'blank-line', ...given }, { who: 'text' });
      return asTexts(
        (await openTextSamples({ data: file, options, given, seed: 0, testFraction: 0, input }, contextOf({ earlier, progress }))).train,
      ).texts;
    };
    expect(await textsOf()).toEqual(['cat', 'dog', 'what']);
    expect(await textsOf('blank-line')).toEqual(['cat\ndog', 'what']);
    expect(await textsOf('file')).toEqual(['cat\ndog\n\nwhat']);
    expect(said).toEqual([
      'wrapped.md: 3 texts, each line is one (`documents`: line; or file, blank-line, chapter); the run learned from documents by blank-line',
      'wrapped.md: 2 texts, blank lines separate them (`documents`: blank-line; or file, line, chapter)',
      'wrapped.md: 1 text, all of it is one (`documents`: file; or line, blank-line, chapter)',
    ]);
  });

  it.each<[string, () => string, RegExp]>([
    ['nothing there', () => join(root, 'gone.txt'), /there is no file of texts at .*gone\.txt/],
    ['nothing in it', () => put('blank.txt', '\n \n'), /there is no text in .*blank\.txt; give files with words in them/],
    ['not UTF-8', () => put('latin.txt', Buffer.from('caf\xe9', 'latin1')), /latin\.txt.*UTF-8/],
    ['another kind', () => put('texts.xml', '<a/>'), /set `format` to tsv, csv, jsonl, parquet or trec/],
  ])('say what is wrong: %s', async (_, given, message) => {
    await expect(samples(given())).rejects.toThrow(message);
  });
});

import { symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { all, corpusFolder, rows, words } from '../../../test/corpus-fixture.ts';
import { countDocuments } from './count-documents.ts';
import { trainTokenizer } from './train-tokenizer.ts';

const { at, open, put } = corpusFolder();

describe('a table as a corpus', () => {
  it.each([
    ['a.csv', 'id,text\n7,"w0 w1\nw2"\n8,w3\n9, \n'],
    ['a.tsv', 'text\tid\nw0 w1 w2\t7\nw3\t8\n \t9\n'],
    ['a.jsonl', '{"id":7,"text":"w0 w1 w2"}\n\n{"text":"w3"}\n{"text":""}'],
    ['a.ndjson', '\ufeff{"text":"w0 w1\\nw2"}\n{"text":"w3"}\n'],
  ])('has a document in each row: %s', async (name, content) => {
    await put(name, content);
    const { train, statistics } = await open({}, at(name));
    expect(await rows(train)).toEqual(['[CLS] w0 w1 w2 [SEP]', '[CLS] w3 [SEP]']);
    expect(statistics).toMatchObject({ documents: 2, tokens: 4, files: 1 });
    expect(await countDocuments(at(name))).toBe(2);
    expect(await countDocuments(at(name), { atMost: 1 })).toBe(1);
  });

  it('takes the columns that it is told', async () => {
    await put('a.csv', '5,w1,w2\n6,w3,w4\n');
    await put('b.jsonl', '{"a":"w5","b":"w6"}\n');
    expect(await rows((await open({ textColumn: 1 }, at('a.csv'))).train)).toEqual(['[CLS] w1 [SEP]', '[CLS] w3 [SEP]']);
    expect(await rows((await open({ textColumn: [2, 1] }, at('a.csv'))).train)).toEqual(['[CLS] w2 w1 [SEP]', '[CLS] w4 w3 [SEP]']);
    expect(await rows((await open({ textColumn: ['a', 'b'] }, at('b.jsonl'))).train)).toEqual(['[CLS] w5 w6 [SEP]']);
    await put('c.csv', 'w1\nw2\n');
    expect(await rows((await open({}, at('c.csv'))).train)).toEqual(['[CLS] w1 [SEP]', '[CLS] w2 [SEP]']);
    await expect(open({}, at('a.csv'))).rejects.toThrow(
      'must have one column, or names in its first line, got 3 columns; say which with `textColumn`',
    );
    await expect(open({ textColumn: 'x\n' }, at('b.jsonl'))).rejects.toThrow(String.raw`must have a x\n on each line, but line 1 has a, b`);
    await put('c.csv', 'text\n"w0\n');
    await expect(open({}, at('c.csv'))).rejects.toThrow('openCorpus: ' + at('c.csv') + ' is not understood: Quote Not Closed');
    await put('c.csv', Buffer.from('text\nw\xff\n', 'latin1'));
    await expect(open({}, at('c.csv'))).rejects.toThrow(
      "c.csv must be UTF-8, got 0xff at byte 6; convert the file, or set `invalidUtf8` to 'replace'",
    );
  });

  it('has names in its first line, or none, as it is told', async () => {
    await put('a.csv', 'w0,w1\nw2,w3\n');
    expect(await rows((await open({ textColumn: 0, header: true }, at('a.csv'))).train)).toEqual(['[CLS] w2 [SEP]']);
    expect(await rows((await open({ textColumn: 0, header: false }, at('a.csv'))).train)).toEqual(['[CLS] w0 [SEP]', '[CLS] w2 [SEP]']);
    expect(await countDocuments(at('a.csv'), { textColumn: 0, header: true })).toBe(1);
    expect(await countDocuments(at('a.csv'), { textColumn: 0 })).toBe(2);
    await put('c.csv', 'w0,w1 w1\nw2,w3 w3\n');
    const vocabulary = async (header: boolean) =>
      JSON.stringify((await trainTokenizer(at('c.csv'), { textColumn: 1, header, units: 'words' })).toJson());
    expect(await vocabulary(false)).toContain('"w1"');
    expect(await vocabulary(true)).not.toContain('"w1"');
    expect(await vocabulary(true)).toContain('"w3"');
    await put('b.csv', 'text\nw5\n'); // looks like a name, and is a text
    expect(await countDocuments(at('b.csv'))).toBe(1);
    expect(await countDocuments(at('b.csv'), { header: false })).toBe(2);
  });

  it('is not the text of the same bytes', async () => {
    const content = 'text\nw1\nw2\n';
    await put('a.txt', content);
    await put('a.csv', content);
    expect(await rows((await open({}, at('a.txt'))).train)).toEqual(['[CLS] [UNK] w1 w2 [SEP]']);
    expect(await rows((await open({}, at('a.csv'))).train)).toEqual(['[CLS] w1 [SEP]', '[CLS] w2 [SEP]']);
  });

  it('goes on after an interruption with the same result', async () => {
    const row = (i: number) => `"${words[i % 90]!} ${words[(i * i) % 90]!} ${'w7 '.repeat(i % 40)}"`;
    const table = Buffer.from(`text\n${Array.from({ length: 60_000 }, (_, i) => row(i)).join('\n')}\n`);
    table[2_000_000] = 0xff;
    await put('a.csv', table);
    await put('b.csv', Buffer.from('text\nw1\nw\xff\n', 'latin1'));
    const options = { invalidUtf8: 'replace', validationFraction: 0.2, shardTokens: 100_000 } as const;
    const patterns = [at('a.csv'), at('b.csv')];
    const whole = await open(options, patterns);
    expect(whole.statistics).toMatchObject({ documents: 60_002, invalidBytes: 2 });
    const expected = [await all(whole.train), await all(whole.validation!), whole.statistics];
    const stop = new AbortController();
    const onProgress = ({ phase, bytes }: { phase: string; bytes: number }) => {
      if (phase === 'tokenizing' && bytes > 2.5e6) stop.abort(new Error('interrupted'));
    };
    const elsewhere = { ...options, cacheFolder: at('other') };
    await expect(open({ ...elsewhere, onProgress, signal: stop.signal }, patterns)).rejects.toThrow('interrupted');
    const result = await open(elsewhere, patterns);
    expect([await all(result.train), await all(result.validation!), result.statistics]).toEqual(expected);
  });

  it('is read for a vocabulary too', async () => {
    await put('a.csv', `id,text\n${'123456,whale whale\n'.repeat(20)}`);
    const tokenizer = await trainTokenizer(at('a.csv'), { vocabularySize: 40 });
    expect([tokenizer.idOf('whale') !== undefined, tokenizer.idOf('1')]).toEqual([true, undefined]);
  });
});

describe('the files of a corpus', () => {
  it('come once, stay in the folder, and are counted when they are not used', async () => {
    await put('corpus/a/1.txt', 'w1');
    await put('corpus/b/2.TXT', 'w2');
    await put('corpus/b/notes.md', 'w3');
    await put('corpus/b/rows.csv', 'w3');
    await put('outside/3.txt', 'w4');
    await symlink('../b', at('corpus/a/to-b'));
    await symlink('../a', at('corpus/b/to-a'));
    await symlink('../../outside', at('corpus/a/out'));
    await symlink('../../outside/3.txt', at('corpus/b/out.txt'));
    const { train, unused, statistics } = await open();
    expect([await rows(train), statistics.files]).toEqual([['[CLS] w1 [SEP]', '[CLS] w2 [SEP]'], 2]);
    expect(unused.map(({ kind, count }) => [kind, count])).toEqual([
      ['links out of the folder', 2],
      ['links within the folder', 2],
      ['.csv files', 1],
      ['.md files', 1],
    ]);
    expect((await open({}, at('corpus/**/*.txt'))).statistics.files).toBe(1);
    await put('tables/rows.csv', 'text\nw3\n');
    await expect(open({}, at('tables'))).rejects.toThrow('there are 1 .csv files such as rows.csv; give text files');
    expect((await open({}, at('tables/*.csv'))).statistics.documents).toBe(1);
  });
});

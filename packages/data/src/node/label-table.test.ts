import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { matchLabels, readLabelTable, type LabelTableOptions } from './label-table.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-labels-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(root, name), content);
  return join(root, name);
}
const rowsOf = async (name: string, content: string | Uint8Array, options?: LabelTableOptions) =>
  (await readLabelTable(write(name, content), options)).rows.map(({ file, label }) => [file, label]);

const expected = [
  ['a.jpg', 'cat'],
  ['b, c.jpg', 'a "big" dog'],
];

describe('readLabelTable', () => {
  it.each<[string, string, string | Uint8Array, LabelTableOptions?]>([
    ['commas and quotes', 'a.csv', 'file,label\na.jpg,cat\n"b, c.jpg","a ""big"" dog"\n'],
    ['semicolons, a byte order mark and Windows line ends', 'b.csv', '\ufefffile;label\r\na.jpg;cat\r\n"b, c.jpg";"a ""big"" dog"\r\n'],
    ["Excel's sep=", 'c.csv', 'sep=;\r\nfile;label\r\na.jpg;cat\r\n"b, c.jpg";"a ""big"" dog"\r\n'],
    ['tabs', 'd.tsv', 'label\tfile\ncat\ta.jpg\n"a ""big"" dog"\tb, c.jpg\n'],
    ['no names of columns', 'e.csv', 'a.jpg,cat\n"b, c.jpg","a ""big"" dog"\n'],
    ['names that are not usual', 'f.csv', 'Bild,Art\na.jpg,cat\n"b, c.jpg","a ""big"" dog"\n'],
    ['columns by name', 'g.csv', 'x,Art,Bild\n1,cat,a.jpg\n2,"a ""big"" dog","b, c.jpg"\n', { fileColumn: 'Bild', labelColumn: 'Art' }],
    ['columns by number', 'h.csv', '1,cat,a.jpg\n2,"a ""big"" dog","b, c.jpg"\n', { fileColumn: 2, labelColumn: 1, header: false }],
    ['JSON lines', 'i.jsonl', '{"file":"a.jpg","label":"cat"}\n{"image":"b, c.jpg","class":"a \\"big\\" dog"}\n'],
    ['UTF-16', 'j.txt', Buffer.from('\ufefffile\tlabel\r\na.jpg\tcat\r\nb, c.jpg\t"a ""big"" dog"\r\n', 'utf16le')],
  ])('%s', async (_, name, content, options) => {
    expect(await rowsOf(name, content, options)).toEqual(expected);
  });

  it('counts rows without a label, and reads labels that are numbers', async () => {
    const { rows, empty } = await readLabelTable(write('empty.csv', 'file,label\na.jpg,1\nb.jpg,\nc.jpg,2\n'));
    expect([rows, empty]).toEqual([[{ file: 'a.jpg', label: '1', line: 2 }, { file: 'c.jpg', label: '2', line: 4 }], 1]); // prettier-ignore
  });

  it.each<[string, string | Uint8Array, string]>([
    ['none.csv', '', 'none.csv has no labels'],
    ['all-empty.csv', 'file,label\na.jpg,\n', 'the label is empty in each of 1 rows'],
    ['three.csv', 'a,b,c\n1,2,3\n', 'must have a column for the file, such as `file`, got a, b, c; say which with `fileColumn`'],
    ['nameless.csv', 'file,label\n,cat\n', 'must have a file in each row, but line 2 has none'],
    ['open.csv', 'file,label\n"a.jpg,cat\n', 'is not understood: Quote Not Closed'],
    [
      'latin.csv',
      Uint8Array.of(97, 0xe4, 44, 98),
      'must be UTF-8, got 0xe4 at byte 1; convert the file, in Excel by saving it as "CSV UTF-8"',
    ],
    ['bad.jsonl', '{"file":"a"', 'must have a JSON object on each line, but line 1 is not'],
    ['keys.jsonl', '{"file":"a.jpg","what":"cat"}', 'must have a label on each line, but line 1 has file, what'],
    ['labels.xlsx', 'PK', 'must end in .csv, .tsv, .txt, .jsonl or .ndjson'],
  ])('says what is wrong with %s', async (name, content, message) => {
    await expect(readLabelTable(write(name, content))).rejects.toThrow(message);
  });
});

describe('matchLabels', () => {
  const files = ['photos/x/a.jpg', 'photos/y/a.jpg', 'photos/y/b.jpg', 'photos/c.jpg'];
  const table = (...rows: [string, string][]) => ({
    path: 'labels.csv',
    empty: 0,
    rows: rows.map(([file, label], i) => ({ file, label, line: i + 2 })),
  });
  const match = (...rows: [string, string][]) => matchLabels(table(...rows), files, { folder: 'photos' });

  it('finds files by their path in the folder, beside it, by their name, and with the slashes of Windows', () => {
    const found = match(['x/a.jpg', 'cat'], ['photos/y/a.jpg', 'dog'], ['b.jpg', 'dog'], ['x\\a.jpg', 'cat']);
    expect([...found.labels]).toEqual([0, 1, 1, -1]);
    expect(found).toMatchObject({ classNames: ['cat', 'dog'], labeled: 3, unlabeled: 1 });
  });

  it.each<[string, [string, string][], string]>([
    ['unknown files', [['x/a.jpg', 'cat'], ['z.jpg', 'dog'], ['q.jpg', 'dog']], 'labels.csv has 2 of 3 rows whose file is not in photos: z.jpg (line 3), q.jpg (line 4)'], // prettier-ignore
    [
      'a name that several files have',
      [
        ['a.jpg', 'cat'],
        ['c.jpg', 'dog'],
      ],
      'has a row that fits several files: a.jpg (line 2)',
    ],
    [
      'two labels for one file',
      [
        ['x/a.jpg', 'cat'],
        ['x/a.jpg', 'dog'],
      ],
      'has two labels for a file: x/a.jpg (line 3)',
    ],
    [
      'one class',
      [
        ['x/a.jpg', 'cat'],
        ['c.jpg', 'cat'],
      ],
      "has one class only, 'cat'; a classifier needs labels of at least two",
    ],
  ])('refuses %s', (_, rows, message) => {
    expect(() => match(...rows)).toThrow(message);
  });
});

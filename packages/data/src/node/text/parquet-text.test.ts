import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, expect, it } from 'vitest';
import fixture from '../../../fixtures/parquet-images.json';
import { wordPieceTokenizer } from '../../text/word-piece-tokenizer.ts';
import { kindOfParquet } from '../parquet/kind-of-parquet.ts';
import { openCorpus } from './open-corpus.ts';
import { openLabeledText } from './open-labeled-text.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-parquet-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];
function put(name: string, content: Columns | Uint8Array): string {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(
    join(root, name),
    content instanceof Uint8Array ? content : new Uint8Array(parquetWriteBuffer({ columnData: content, rowGroupSize: 3 })),
  );
  return join(root, name);
}
const rows = 8;
const texts = Array.from({ length: rows }, (_, i) => `a b\n${i % 2 === 0 ? 'c' : 'd'}`);
const columns: Columns = [
  { name: 'title', data: texts.map((_, i) => `t${i}`), type: 'STRING' },
  { name: 'text', data: texts, type: 'STRING' },
  { name: 'label', data: Int32Array.from({ length: rows }, (_, i) => i % 2), type: 'INT32' },
];

it('reads texts and labels from Parquet, several columns joined', async () => {
  const path = put('labeled.parquet', columns);
  const found = await openLabeledText(path);
  expect([found.texts, Array.from(found.labels), found.classNames]).toEqual([texts, [0, 1, 0, 1, 0, 1, 0, 1], ['0', '1']]);
  const joined = await openLabeledText(path, { textColumn: ['title', 'text'] });
  expect(joined.texts[3]).toBe('t3\na b\nd');
  await expect(openLabeledText(path, { textColumn: 'body' })).rejects.toThrow(/must have a column body, got title, text, label/);
});

it('learns from a folder of Parquet files', async () => {
  put('corpus/train-00000-of-00002.parquet', columns);
  put('corpus/train-00001-of-00002.parquet', columns);
  const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', 'd']);
  const seen: number[] = [];
  const { train, statistics } = await openCorpus(join(root, 'corpus'), { tokenizer, length: 8, documents: 'file', cacheFolder: join(root, 'cache'), onProgress: ({ bytes }) => seen.push(bytes) }); // prettier-ignore
  expect([train.length, statistics.documents, statistics.files]).toEqual([2 * rows, 2 * rows, 2]);
  expect(Array.from((await train.read([1])).tokenIds)).toEqual([2, 5, 6, 8, 3, 0, 0, 0]);
  expect(seen.at(-1)).toBe(statistics.bytes);
});

it('tells texts from pictures', async () => {
  expect(await kindOfParquet(put('t.parquet', columns))).toBe('text');
  const pictures = put('p.parquet', Uint8Array.from(Buffer.from(fixture.files.snappy, 'base64')));
  expect(await kindOfParquet(pictures)).toBe('image');
  await expect(openLabeledText(pictures, { textColumn: 'image' })).rejects.toThrow(/must have text in the column image, which holds bytes/);
});

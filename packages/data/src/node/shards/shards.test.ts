import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { packTar } from 'modern-tar';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fixture from '../../../fixtures/parquet-images.json';
import { openImages } from '../open-images.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-shards-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

function put(path: string, content: Uint8Array | string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  return join(root, path);
}
const png = (value: number) =>
  sharp({ create: { width: 5, height: 4, channels: 3, background: { r: value, g: value, b: value } } }).png().toBuffer(); // prettier-ignore
const pack = (members: Readonly<Record<string, Uint8Array | string>>) =>
  packTar(Object.entries(members).map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body), type: 'file' as const }, body }))); // prettier-ignore
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
const parquet = (columns: Parameters<typeof parquetWriteBuffer>[0]['columnData']) =>
  new Uint8Array(parquetWriteBuffer({ columnData: columns }));
const options = { imageSize: 2, cacheBytes: 0 }; // every read goes to the archive

/** The first value of each image. */
async function values(set: { length: number; read(rows: number[]): Promise<{ pixels: Uint8Array }> }): Promise<number[]> {
  const { pixels } = await set.read(Array.from({ length: set.length }, (_, i) => set.length - 1 - i));
  return Array.from({ length: pixels.length / 12 }, (_, i) => pixels[12 * i]!).reverse();
}

let pictures: Uint8Array[] = [];
beforeAll(async () => {
  pictures = await Promise.all(Array.from({ length: 12 }, (_, i) => png(20 * i)));
});

describe('tar shards', () => {
  it('are read as WebDataset writes them, split by their names', async () => {
    put('wds/train-000000.tar', await pack({ 'a.jpg': pictures[0]!, 'a.cls': '1', 'b.png': pictures[1]!, 'b.cls': '0\n' }));
    put(
      'wds/train-000001.tar',
      await pack({ 'a.jpg': pictures[2]!, 'a.cls': '1', 'c.__key__.png': pictures[3]!, 'c.cls': '0', 'c.pyd': 'x' }),
    );
    put('wds/VAL-000000.tar', await pack({ 'v.jpg': pictures[4]!, 'v.cls': '1' }));
    const { train, test, unused, skipped } = await openImages(join(root, 'wds'), options);
    expect([train.length, Array.from(train.labels!), train.classNames]).toEqual([4, [1, 0, 1, 0], ['0', '1']]);
    expect([await values(train), await values(test!), Array.from(test!.labels!)]).toEqual([[0, 20, 40, 60], [80], [1]]);
    expect([skipped, unused.map(({ kind, count, example }) => [kind, count, example])]).toEqual([
      [],
      [['other files', 1, 'train-000001.tar/c.pyd']],
    ]);
    expect((train as { paths?: readonly string[] }).paths![1]).toBe(join(root, 'wds/train-000000.tar/b.png'));
  });

  it.each([
    ['json', ['{"label": "dog", "caption": "x"}', '{"label": "cat"}'], ['cat', 'dog'], [1, 0, 1, 0]],
    ['txt', ['dog', 'cat'], ['cat', 'dog'], [1, 0, 1, 0]],
  ] as const)('take labels from .%s members', async (kind, labels, classNames, expected) => {
    const members = pictures.slice(0, 4).flatMap((picture, i) => [[`${i}.jpg`, picture], [`${i}.${kind}`, labels[i % 2]!]]); // prettier-ignore
    const path = put(`${kind}.tar`, await pack(Object.fromEntries(members) as Record<string, string>));
    const { train, test } = await openImages(path, { ...options, seed: 1 });
    const all = [...Array.from(train.labels!), ...Array.from(test?.labels ?? [])];
    expect([train.name, train.classNames, all.sort()]).toEqual([kind, classNames, [...expected].sort()]);
  });

  it('tell captions from classes, and find classes in folders', async () => {
    const captions = pictures.slice(0, 4).flatMap((picture, i) => [[`${i}.jpg`, picture], [`${i}.txt`, `a photo of thing ${i}`]]); // prettier-ignore
    const path = put('captions.tar', await pack(Object.fromEntries(captions) as Record<string, string>));
    const opened = await openImages(path, options);
    expect([opened.train.labels, opened.unused[0]!.kind, opened.unused[0]!.count]).toEqual([undefined, '.txt members of tar archives', 4]);
    const folders = put(
      'pets.tar',
      await pack({ './cat/1.jpg': pictures[0]!, './dog/2.jpg': pictures[1]!, './.hidden/3.jpg': pictures[2]! }),
    );
    expect((await openImages(folders, options)).train.classNames).toEqual(['cat', 'dog']);
  });

  it('know long names, and skip one broken picture', async () => {
    const long = `${'deep/'.repeat(60)}x.png`; // too long for a header
    const path = put('long.tar', await pack({ [long]: pictures[5]!, 'bad.jpg': 'no picture', 'y.png': pictures[6]! }));
    const { train, skipped } = await openImages(path, { ...options, cacheBytes: 1 << 20 });
    expect([await values(train), skipped.map((each) => each.path)]).toEqual([[100, 120], [join(path, 'bad.jpg')]]);
  });

  it('are refused when cut, compressed, or with a path that leads out', async () => {
    const whole = await pack({ 'a.png': pictures[0]!, 'b.png': pictures[1]! });
    await expect(openImages(put('cut.tar', whole.subarray(0, 1540)), options)).rejects.toThrow(
      /cut.tar is cut short: it has 1540 bytes, and b.png ends at/,
    );
    await expect(openImages(put('out.tar', await pack({ '../x.png': pictures[0]! })), options)).rejects.toThrow(
      /out.tar has the path ..\/x.png, which leads out of the archive; it is not to be trusted: take it out/,
    );
    await expect(openImages(put('no.tar', new Uint8Array(4096).fill(7)), options)).rejects.toThrow(
      /no.tar is not a tar archive, or damaged at byte 0/,
    );
    await expect(openImages(put('gz.tar', Buffer.concat([Uint8Array.of(0x1f, 0x8b), new Uint8Array(2000)])), options)).rejects.toThrow(
      /is compressed; unpack it with `gunzip`/,
    );
    await expect(openImages(put('empty.tar', await pack({ 'readme.md': 'x' })), options)).rejects.toThrow(
      /there are no images in .*empty.tar/,
    );
  });
});

describe('Parquet files', () => {
  it.each(['snappy', 'gzip', 'brotli', 'zstd'] as const)('of Hugging Face, packed by %s', async (codec) => {
    put(`${codec}/data/train-00000-of-00001.parquet`, bytes(fixture.files[codec]));
    put(`${codec}/data/test-00000-of-00001-0123456789abcdef.parquet`, bytes(fixture.files.gzip));
    const { train, test, skipped } = await openImages(join(root, codec), options);
    expect([train.classNames, Array.from(train.labels!), test!.length, skipped]).toEqual([fixture.names, [0, 1, 0, 1, 0, 1], 6, []]);
    expect(await values(train)).toEqual(fixture.colors.map(([red]) => red));
  });

  it('skip one broken picture', async () => {
    const path = put('broken.parquet', bytes(fixture.files.none));
    const { train, test, skipped } = await openImages(path, { ...options, cacheBytes: 1 << 20 });
    expect([train.length + test!.length, skipped]).toEqual([
      5,
      [{ path: `${path}#2`, reason: expect.stringMatching(/it is text, not JPEG/) as string }],
    ]);
  });

  it('of plain bytes, with labels as text', async () => {
    const data = parquet([
      { name: 'img', data: pictures.slice(0, 4), type: 'BYTE_ARRAY' },
      { name: 'category', data: ['b', 'a', 'b', 'a'], type: 'STRING' },
    ]);
    const { train } = await openImages(put('plain/train.parquet', data), options);
    expect(train.classNames).toEqual(['a', 'b']);
  });

  it('are refused when they hold no pictures, are cut, or packed in another way', async () => {
    const texts = parquet([{ name: 'text', data: ['a', 'b'], type: 'STRING' }]);
    await expect(openImages(put('texts.parquet', texts), options)).rejects.toThrow(
      /must have a column of pictures as bytes, such as `image`, got text \(text\)/,
    );
    const whole = bytes(fixture.files.snappy);
    await expect(openImages(put('cut.parquet', whole.subarray(0, 900)), options)).rejects.toThrow(
      /is not a Parquet file that can be read: it does not end as one; it may be cut short/,
    );
    await expect(openImages(put('lz4.parquet', bytes(fixture.files.lz4)), options)).rejects.toThrow(
      /lz4.parquet has the column image compressed by LZ4_RAW, which is not read; write it with snappy, gzip, brotli, zstd or none/,
    );
  });
});

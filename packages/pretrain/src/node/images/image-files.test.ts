import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos } from '../../../fixtures/write-pictures.ts';
import type { Progress } from '../../progress.ts';
import { textFiles } from '../text/text-files.ts';
import { imageFiles } from './image-files.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-image-files-'));
const at = (name: string) => join(root, name);

/** An IDX file of bytes. */
function writeIdx(name: string, shape: readonly number[], bytes: Uint8Array): string {
  const head = Uint8Array.of(0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]));
  mkdirSync(root, { recursive: true });
  writeFileSync(at(name), Buffer.concat([head, bytes]));
  return at(name);
}

beforeAll(async () => {
  await writePhotos(at('photos'), ['cat', 'dog'], 5);
  await writePhotos(at('parts/train'), ['cat', 'dog'], 3);
  await writePhotos(at('parts/val'), ['cat', 'dog'], 2);
  writeFileSync(join(at('photos'), 'dog', 'broken.png'), 'no picture');
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const open = (data: string, options: object = { imageSize: 8 }, progress?: Progress) =>
  imageFiles.open(data, { seed: 0, options: options as Readonly<Record<string, unknown>>, progress });

describe('the opener of files of images', () => {
  it('takes paths and nothing else', () => {
    const accepted = ['photos', 'a/b.bin', '', 'https://example.org/images', { images: [] }].map((data) => imageFiles.accepts(data));
    expect(accepted).toEqual([true, true, false, false, false]);
  });

  it('opens photos in folders of classes, holds some out, and tells what is broken', async () => {
    const said: string[] = [];
    const progress: Progress = {
      stage: (name, { total, unit }) => {
        said.push(`${name}: ${total} ${unit}`);
        return { update: (done) => said.push(`${done}`), end: () => said.push('end') };
      },
      line: () => undefined,
      warn: () => undefined,
    };
    const { train, test, testFrom, skipped, decoded } = { skipped: undefined, ...(await open(at('photos'), { imageSize: 8 }, progress)) };
    expect([train.height, train.channels, train.classNames, testFrom]).toEqual([8, 3, ['cat', 'dog'], 'held out']);
    expect(train.length + test!.length).toBe(10);
    expect(train.paths).toHaveLength(train.length);
    expect(skipped!().map(({ path }) => path)).toEqual([join(at('photos'), 'dog', 'broken.png')]);
    expect(decoded).toBe(11);
    expect([said[0], said.at(-1), said.length]).toEqual(['Decoding photos: 11 photos', 'end', 13]);
  });

  it('knows a test part of its own', async () => {
    const { train, test, testFrom } = await open(at('parts'));
    expect([train.length, test!.length, testFrom]).toEqual([6, 4, 'own part']);
  });

  it('recognizes archives of pictures, and tells tables of text from them', async () => {
    mkdirSync(at('hub/data'), { recursive: true });
    writeFileSync(at('hub/README.md'), '# pictures');
    const picture = Uint8Array.from(readFileSync(join(at('photos'), 'cat', readdirSync(join(at('photos'), 'cat'))[0]!)));
    const put = (name: string, columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData']) => {
      writeFileSync(at(name), new Uint8Array(parquetWriteBuffer({ columnData })));
    };
    const label = { name: 'label', data: ['red', 'blue', 'red', 'blue', 'red', 'blue'], type: 'STRING' as const };
    put('hub/data/train-00000-of-00001.parquet', [
      { name: 'image', data: Array.from({ length: 6 }, () => picture), type: 'BYTE_ARRAY' },
      label,
    ]);
    put('texts.parquet', [{ name: 'text', data: label.data, type: 'STRING' }, label]);
    writeFileSync(at('shard.tar'), '');
    const recognized = (name: string) => Promise.all([imageFiles.recognizes!(at(name)), textFiles.recognizes!(at(name))]);
    expect([await recognized('hub'), await recognized('texts.parquet'), await recognized('shard.tar')]).toEqual([
      [true, false],
      [false, true],
      [true, false],
    ]);
    const { train, test, testFrom } = await open(at('hub'), { imageSize: '8x12', channels: 1 });
    expect([train.height, train.width, train.channels, train.classNames, testFrom]).toEqual([8, 12, 1, ['blue', 'red'], 'held out']);
    expect(train.length + test!.length).toBe(6);
    await expect(open(at('hub'), { imageSize: 8, maxPixels: 11 })).rejects.toThrow(/it has \d+ x \d+ pixels, and `maxPixels` is 11/);
  });

  it('labels photos in tar archives and Parquet files by a table', async () => {
    const photos = ['cat', 'dog'].map((label) => readFileSync(join(at('photos'), label, readdirSync(join(at('photos'), label)).find((name) => name !== 'broken.png')!))); // prettier-ignore
    const member = (name: string, bytes: Uint8Array) => {
      const head = Buffer.alloc(512);
      head.write(name, 0);
      head.write(bytes.length.toString(8).padStart(11, '0'), 124);
      head.write('ustar\x0000', 257, 'latin1');
      head.write('0', 156);
      head.fill(' ', 148, 156);
      head.write(
        `${head
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0`,
        148,
      );
      return Buffer.concat([head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
    };
    mkdirSync(at('tars'));
    const archive = [...['a/1.jpg', 'a/2.jpg'].map((name, i) => member(name, photos[i]!)), Buffer.alloc(1024)];
    writeFileSync(at('tars/train-0.tar'), Buffer.concat(archive));
    writeFileSync(at('rows.parquet'), new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'image', data: photos, type: 'BYTE_ARRAY' }] }))); // prettier-ignore
    writeFileSync(at('tars.csv'), 'file,label\n2.jpg,low\na/1.jpg,high\n');
    writeFileSync(at('rows.csv'), 'file;label\nrows.parquet#1;low\nrows.parquet#0;high\n');
    for (const [data, table] of [
      ['tars', 'tars.csv'],
      ['tars/train-0.tar', 'tars.csv'],
      ['rows.parquet', 'rows.csv'],
    ] as const) {
      const { train, test } = await imageFiles.open(at(data), { seed: 0, options: { imageSize: 8, labels: at(table) } });
      expect([train.length, train.classNames, Array.from(train.labels!), test]).toEqual([2, ['high', 'low'], [0, 1], undefined]);
    }
    await expect(open(at('rows.parquet'), { imageSize: 8, labels: at('tars.csv') })).rejects.toThrow(
      'where one is rows.parquet#0, or take the rows out',
    );
  });

  it('opens files of images, with labels from another file', async () => {
    const images = writeIdx('images.idx', [3, 4, 4], new Uint8Array(48).fill(9));
    const labels = writeIdx('labels.idx', [3], Uint8Array.of(2, 0, 1));
    const { train } = await open(images, { labels });
    expect([train.length, train.height, train.channels, Array.from(train.labels!)]).toEqual([3, 4, 1, [2, 0, 1]]);
    expect((await train.read([1])).pixels).toEqual(new Uint8Array(16).fill(9));
  });

  it.each<[string, object, string]>([
    ['nowhere', {}, 'there is nothing at'],
    ['images.idx', { imageSize: 8 }, '`imageSize` must be left out for'],
    ['images.idx', { labels: 'none.idx' }, 'labels: cannot read none.idx; give an IDX file of labels'],
    ['images.idx', { labels: join(root, 'few.idx') }, 'must have a label for each of 3 images, got 2'],
  ])('says what is wrong with %s %j', async (name, options, message) => {
    writeIdx('few.idx', [2], Uint8Array.of(0, 1));
    await expect(open(at(name), options)).rejects.toThrow(message);
  });
});

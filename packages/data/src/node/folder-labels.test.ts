import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { openImages } from './open-images.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-labels-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
const picture = await sharp({ create: { width: 3, height: 3, channels: 3, background: '#123' } }).png().toBuffer(); // prettier-ignore
function write(folder: string, files: Readonly<Record<string, string | undefined>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, folder, name)), { recursive: true });
    writeFileSync(join(root, folder, name), content ?? picture);
  }
  return join(root, folder);
}
const photos = (prefix: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}.png`, undefined]));
const open = (folder: string) => openImages(folder, { imageSize: 2 });

it('reads labels.csv in a folder of photos, and metadata.jsonl in each part', async () => {
  const csv = write('csv', { ...photos('', 4), 'labels.csv': 'file,label\n0.png,cat\n1.png,"dog, big"\n2.png,cat\n3.png,"dog, big"\n' });
  const { train, test, unused } = await open(csv);
  expect([train.classNames, Array.from(train.labels!), test, unused]).toEqual([['cat', 'dog, big'], [0, 1, 0, 1], undefined, []]);
  const lines = (classes: string[]) => classes.map((label, i) => JSON.stringify({ file_name: `${i}.png`, label })).join('\n');
  const parts = write('parts', {
    ...photos('Train/', 4),
    ...photos('DEV/', 2),
    'Train/metadata.jsonl': lines(['b', 'a', 'a', 'b']),
    'DEV/metadata.jsonl': lines(['b', 'a']),
  });
  const split = await open(parts);
  expect([Array.from(split.train.labels!), Array.from(split.test!.labels!), split.train.classNames]).toEqual([
    [1, 0, 0, 1],
    [1, 0],
    ['a', 'b'],
  ]);
});

it('passes over captions, and does not give up images for the sake of a few labels', async () => {
  const captions = await open(write('captions', { ...photos('', 2), 'metadata.csv': 'file_name,text\n0.png,a cat\n1.png,a dog\n' }));
  expect([captions.train.labels, captions.unused.map(({ kind, example }) => [kind, example])]).toEqual([
    undefined,
    [['tables', 'metadata.csv']],
  ]);
  const few = await open(write('few', { ...photos('', 10), 'labels.csv': 'file,label\n0.png,cat\n1.png,dog\n' }));
  expect([few.train.length, few.train.labels, few.unused.map(({ kind, count, reason }) => [kind, count, reason])]).toEqual([
    10,
    undefined,
    [['labels', 2, 'is not used: fewer than 90 % of the images have one in labels.csv; all images are used without']],
  ]);
});

it('refuses tables about files that are not there, and of a single class', async () => {
  await expect(open(write('unknown', { ...photos('', 2), 'labels.csv': 'file,label\n0.png,cat\nnone.png,dog\n' }))).rejects.toThrow(
    /labels.csv has 1 of 2 rows whose file is not in .*: none.png \(line 3\)/,
  );
  await expect(open(write('single', { ...photos('', 2), 'labels.csv': 'file,label\n0.png,cat\n1.png,cat\n' }))).rejects.toThrow(
    /has one class only, 'cat'/,
  );
});

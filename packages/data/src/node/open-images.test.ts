import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openImages } from './open-images.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-open-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});
async function put(path: string, content: Uint8Array | string): Promise<string> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
  return join(root, path);
}
const big = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const range = (n: number, factor = 1) => Array.from({ length: n }, (_, i) => (i * factor) % 256);
/** n images of 2×3 pixels, image i filled with i + base. */
const idxImages = (n: number, base = 0) =>
  Uint8Array.from([0, 0, 8, 3, ...big(n), ...big(2), ...big(3), ...range(n).flatMap((i) => new Array<number>(6).fill(i + base))]);
const idxLabels = (labels: number[]) => Uint8Array.from([0, 0, 8, 1, ...big(labels.length), ...labels]);
const cifar = (labels: number[]) => Buffer.concat(labels.map((label) => Buffer.from([label, ...range(3072, label)])));
const first = async (set: { read(i: number[]): Promise<{ pixels: Uint8Array }> }, i: number) => (await set.read([i])).pixels[0];

describe('openImages', () => {
  it('opens shapes', async () => {
    const { train, test } = await openImages('shapes', { limit: 20, testLimit: 10, seed: 3 });
    expect(train).toMatchObject({ name: 'shapes', length: 20, height: 32 });
    expect(test).toMatchObject({ length: 10 });
    expect((await openImages('shapes', { limit: 5, testLimit: 0, imageSize: 16 })).test).toBeUndefined();
    const other = await openImages('shapes', { limit: 20, seed: 4 });
    expect((await other.train.read([0])).pixels).not.toEqual((await train.read([0])).pixels);
    expect(other.test!.length).toBe(1000);
  });

  it('opens a folder of IDX files, packed or not, in file order', async () => {
    await put('train-images-idx3-ubyte.gz', gzipSync(idxImages(10)));
    await put('train-labels-idx1-ubyte.gz', gzipSync(idxLabels(range(10))));
    await put('t10k-images-idx3-ubyte', idxImages(6, 100));
    await put('t10k-labels-idx1-ubyte', idxLabels(range(6)));
    const { train, test, skipped } = await openImages(root, { limit: 4, testLimit: 2 });
    expect(train).toMatchObject({ length: 4, height: 2, width: 3, channels: 1 });
    expect([...train.labels!]).toEqual([0, 1, 2, 3]);
    expect(await first(train, 3)).toBe(3);
    expect(test!.length).toBe(2);
    expect(await first(test!, 1)).toBe(101);
    expect(skipped).toEqual([]);
    expect((await openImages(root)).train.length).toBe(10);
    await expect(openImages(root, { imageSize: 64 })).rejects.toThrow('whose images are 2×3, got 64×64; only photos are resized');
  });

  it('opens one IDX file, with the labels beside it or without', async () => {
    const path = await put('train-images-idx3-ubyte.gz', gzipSync(idxImages(3)));
    expect((await openImages(path)).train.labels).toBeUndefined();
    const labels = await put('train-labels-idx1-ubyte', idxLabels([2, 1, 0]));
    const { train, test } = await openImages(path);
    expect([...train.labels!]).toEqual([2, 1, 0]);
    expect(test).toBeUndefined();
    await expect(openImages(labels)).rejects.toThrow('must hold images [n, height, width] (magic number 0x00000803), got shape [3]');
    await put('train-labels-idx1-ubyte', idxLabels([2, 1]));
    await expect(openImages(path)).rejects.toThrow('must have 3 labels, one per image');
    const wrong = await put('wrong.idx', new Uint8Array(100).fill(1));
    await expect(openImages(wrong)).rejects.toThrow(
      `parseIdx: ${wrong} is not an IDX file: expected a magic number like 0x00000803 (images)`,
    );
    const cut = await put('cut-images-idx3-ubyte.gz', gzipSync(idxImages(3)).subarray(0, 20));
    await expect(openImages(cut)).rejects.toThrow('truncated or damaged');
  });

  it('opens CIFAR-10 files: the batches, or the largest training file', async () => {
    await put('train_small.bin', cifar([1]));
    await put('train_large.bin', cifar([5, 6]));
    await put('test_1.bin', cifar([7]));
    await put(
      'batches.meta.txt',
      range(10)
        .map((i) => `class${i}`)
        .join('\n') + '\n\n',
    );
    const { train, test } = await openImages(root);
    expect([...train.labels!]).toEqual([5, 6]);
    expect(train.classNames![5]).toBe('class5');
    expect([...test!.labels!]).toEqual([7]);
    await put('data_batch_2.bin', cifar([2]));
    await put('data_batch_1.bin', cifar([1, 1]));
    const batches = (await openImages(root)).train;
    expect([...batches.labels!]).toEqual([1, 1, 2]);
    expect((await batches.read([2])).pixels[3]).toBe(2); // the second pixel's red
    expect([...(await openImages(join(root, 'test_1.bin'))).train.labels!]).toEqual([7]);
    await expect(openImages(await put('odd.bin', new Uint8Array(3074)))).rejects.toThrow('is not a CIFAR-10 binary file');
  });

  it('reads the header first, and no more than it promises', async () => {
    const bomb = gzipSync(Buffer.concat([idxImages(3), new Uint8Array(2 ** 28)]));
    const path = await put('a/train-images-idx3-ubyte.gz', bomb);
    await expect(openImages(path)).rejects.toThrow('must have 34 bytes for shape [3, 2, 3], got more');
    const huge = Uint8Array.from([0, 0, 8, 3, ...big(0xffff_ffff), ...big(1000), ...big(1000)]);
    for (const content of [huge, gzipSync(Buffer.concat([huge, new Uint8Array(2000)]))]) {
      await put('a/train-images-idx3-ubyte.gz', content);
      await expect(openImages(path)).rejects.toThrow(
        'must have at most 4294967296 bytes, and it has or promises 4294967295000016; raise `maxBytes`',
      );
    }
    await put('a/train-images-idx3-ubyte.gz', gzipSync(idxImages(3)));
    await expect(openImages(path, { maxBytes: 33 })).rejects.toThrow('at most 33 bytes');
    expect((await openImages(path, { maxBytes: 100 })).train.length).toBe(3);
    await put('b/train.bin', cifar([1, 2]));
    await expect(openImages(join(root, 'b'), { maxBytes: 6145 })).rejects.toThrow('CIFAR-10 files must have at most 6145 bytes');
    await expect(openImages(join(root, 'b'), { maxBytes: 0.5 })).rejects.toThrow('openImages: `maxBytes` must be an integer >= 1, got 0.5');
  });

  it('is not confused by folders that are named like files, or by loops of links', async () => {
    await mkdir(join(root, 'train-images-idx3-ubyte'));
    await mkdir(join(root, 'train.bin'));
    await expect(openImages(root)).rejects.toThrow('there are no images in');
    await expect(openImages(join(root, 'train.bin'))).rejects.toThrow('there are no images in');
    await put('train-images-idx3-ubyte.gz', gzipSync(idxImages(3)));
    await mkdir(join(root, 'train-labels-idx1-ubyte.gz'));
    expect((await openImages(root)).train).toMatchObject({ length: 3 });
    await symlink('loop', join(root, 'loop'));
    await expect(openImages(join(root, 'loop'))).rejects.toThrow('its links go in a circle');
    await expect(openImages(join(root, 'train-images-idx3-ubyte.gz', 'x'))).rejects.toThrow('a part of its path is a file, not a folder');
  });

  it('says what it understands', async () => {
    await expect(openImages(join(root, 'nowhere'))).rejects.toThrow('openImages: there is nothing at');
    await expect(openImages(await put('x.csv', '1,2'))).rejects.toThrow('is not understood; expected `shapes`, a folder of photos');
    await mkdir(join(root, 'empty'));
    await expect(openImages(join(root, 'empty'))).rejects.toThrow('there are no images in');
    await expect(openImages('shapes', { limit: 0 })).rejects.toThrow('`limit` must be an integer >= 1, got 0');
    await expect(openImages('shapes', { testLimit: -1 })).rejects.toThrow('`testLimit`');
    await put('several/a.bin', cifar([1]));
    await put('several/b.bin', cifar([1]));
    await expect(openImages(join(root, 'several'))).rejects.toThrow('name one of them instead of the folder');
  });
});

describe('openImages of photos', () => {
  const photo = async (path: string, shade: number) => {
    const background = { r: shade, g: shade, b: shade };
    await put(
      path,
      await sharp({ create: { width: 9, height: 9, channels: 3, background } })
        .png()
        .toBuffer(),
    );
  };
  const shadesOf = async (set: { length: number; read(i: number[]): Promise<{ pixels: Uint8Array }> }) => {
    const { pixels } = await set.read(range(set.length));
    return Array.from(pixels).filter((_, i) => i % (4 * 4 * 3) === 0);
  };

  it('holds out a fifth of each class, by the seed', async () => {
    for (let i = 0; i < 10; i++) await photo(`a/${i}.png`, i);
    for (let i = 0; i < 5; i++) await photo(`b/${i}.png`, 100 + i);
    await photo('c/0.png', 200);
    const { train, test } = await openImages(root, { imageSize: 4, seed: 1 });
    expect([...test!.labels!]).toEqual([0, 0, 1]);
    expect([...train.labels!]).toEqual([...new Array<number>(8).fill(0), 1, 1, 1, 1, 2]);
    expect(test!.classNames).toEqual(['a', 'b', 'c']);
    const both = [...(await shadesOf(train)), ...(await shadesOf(test!))];
    expect(both.sort((x, y) => x - y)).toEqual([...range(10), 100, 101, 102, 103, 104, 200]);
    expect(await shadesOf((await openImages(root, { imageSize: 4, seed: 1 })).test!)).toEqual(await shadesOf(test!));
    const held = new Set<string>();
    for (let seed = 0; seed < 8; seed++) held.add((await shadesOf((await openImages(root, { imageSize: 4, seed })).test!)).join());
    expect(held.size).toBeGreaterThan(2);
    // a limit takes from the classes in turn
    const few = await openImages(root, { imageSize: 4, seed: 1, limit: 5, testLimit: 2 });
    expect([...few.train.labels!]).toEqual([0, 0, 1, 1, 2]);
    expect([...few.test!.labels!]).toEqual([0, 1]);
  });

  it('takes the sub-folders train and test as they are', async () => {
    await photo('train/a/0.png', 1);
    await photo('train/b/0.png', 2);
    await photo('test/b/0.png', 3);
    const { train, test } = await openImages(root, { imageSize: 4 });
    expect(await shadesOf(train)).toEqual([1, 2]);
    expect([...test!.labels!]).toEqual([1]);
    await photo('test/z/0.png', 3);
    await expect(openImages(root, { imageSize: 4 })).rejects.toThrow('must be in a folder named as one of the classes a, b');
  });

  it.each(['validation', 'valid', 'val', 'dev', 'Test'])('never trains on the folder %s', async (name) => {
    await photo('train/a/0.png', 1);
    await photo('train/b/0.png', 2);
    await photo(`${name}/set/a/0.png`, 3);
    await photo(`${name}/set/b/0.png`, 4);
    const { train, test } = await openImages(root, { imageSize: 4 });
    expect([await shadesOf(train), await shadesOf(test!)]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([train.classNames, ...test!.labels!]).toEqual([['a', 'b'], 0, 1]);
    await photo('unlabeled/0.png', 5);
    await photo('testing/set/b/0.png', 6);
    const both = await openImages(root, { imageSize: 4 });
    expect((await shadesOf(both.train)).concat(await shadesOf(both.test!))).toEqual(name === 'Test' ? [1, 2, 3, 4, 6] : [1, 2, 6]);
    expect(both.unused.map(({ kind, count }) => [kind, count])).toEqual([
      ...(name === 'Test' ? [] : [['validation images', 2]]),
      ['images beside the parts', 1],
    ]);
  });

  it('holds a share out where the test images have no classes', async () => {
    for (let i = 0; i < 5; i++) for (const name of ['a', 'b']) await photo(`train/${name}/${i}.png`, i);
    await photo('test/0.png', 9);
    const { train, test, unused } = await openImages(root, { imageSize: 4 });
    expect([train.length, test!.length]).toEqual([8, 2]);
    expect(unused.map(({ kind, count }) => [kind, count])).toEqual([['test images', 1]]);
    await expect(openImages(join(root, 'none'), { imageSize: 4 })).rejects.toThrow('there is nothing at');
  });

  it('works without classes, and reports what it skipped and how far it is', async () => {
    await photo('0.png', 1);
    await photo('1.png', 2);
    await put('2.jpg', 'text');
    const progress: string[] = [];
    const opened = await openImages(root, { imageSize: 4, onProgress: ({ done, total }) => progress.push(`${done}/${total}`) });
    expect(opened.train.length).toBe(2);
    expect(opened.test).toBeUndefined();
    expect(opened.skipped.map(({ path }) => path)).toEqual([join(root, '2.jpg')]);
    expect(progress).toEqual(['1/3', '2/3', '3/3']);
  });
});

import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageFolder } from './image-folder.ts';
import type { SkippedImage } from './photo-images.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-folder-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function put(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
const plain = (shade: number) => sharp({ create: { width: 40, height: 30, channels: 3, background: { r: shade, g: shade, b: shade } } });
const putPlain = async (path: string, shade: number) => {
  await put(
    path,
    await plain(shade)
      .toFormat(path.endsWith('.png') ? 'png' : path.endsWith('.webp') ? 'webp' : 'jpeg')
      .toBuffer(),
  );
};
const noisyJpeg = () =>
  sharp(
    Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 256),
    { raw: { width: 64, height: 64, channels: 3 } },
  )
    .jpeg()
    .toBuffer();

describe('imageFolder', () => {
  it('finds photos at any depth, sorted by path, with a class per sub-folder', async () => {
    await putPlain('dogs/b.png', 20);
    await putPlain('dogs/a/deep.JPG', 10);
    await putPlain('cats/x.webp', 0);
    await put('cats/readme.txt', 'no photo');
    await put('cats/.hidden.jpg', 'no photo');
    await put('__MACOSX/cats/x.jpg', 'no photo');
    const seen: number[] = [];
    const photos = await imageFolder(root, { imageSize: 8, onProgress: ({ done, total }) => seen.push(done * 10 + total) });
    expect(photos).toMatchObject({ length: 3, width: 8, height: 8, channels: 3, classNames: ['cats', 'dogs'], skipped: [] });
    expect(photos.paths.map((path) => path.slice(root.length + 1))).toEqual([
      join('cats', 'x.webp'),
      join('dogs', 'a', 'deep.JPG'),
      join('dogs', 'b.png'),
    ]);
    expect([...photos.labels!]).toEqual([0, 1, 1]);
    const { pixels, shape } = await photos.read([2, 0, 1]);
    expect(shape).toEqual([3, 8, 8, 3]);
    expect([0, 1, 2].map((i) => Math.round(pixels[i * 192 + 96]! / 10) * 10)).toEqual([20, 0, 10]);
    expect(seen).toEqual([13, 23, 33]);
  });

  it('has no classes without sub-folders, and looks below a single one', async () => {
    await putPlain('train/a/1.png', 0);
    await putPlain('train/b/1.png', 0);
    expect((await imageFolder(root, { imageSize: 4 })).classNames).toEqual(['a', 'b']);
    expect((await imageFolder(join(root, 'train', 'a'), { imageSize: 4 })).labels).toBeUndefined();
    for (const name of ['loose.png', 'looser.png']) await putPlain(name, 0);
    const mixed = await imageFolder(root, { imageSize: 4 });
    expect(mixed.length).toBe(4);
    expect(mixed.labels).toBeUndefined();
  });

  it('leaves out and counts what has no class, and what is no picture by its name', async () => {
    await putPlain('cats/1.png', 0);
    await putPlain('dogs/1.png', 0);
    await putPlain('cover.png', 0);
    for (const name of ['cats/a.heic', 'cats/b.HEIC', 'dogs/c.jxl', 'clip.mp4', 'labels.csv', '.DS_Store', 'dogs/Thumbs.db'])
      await put(name, 'x');
    const { length, classNames, unused } = await imageFolder(root, { imageSize: 4 });
    expect([length, classNames]).toEqual([2, ['cats', 'dogs']]);
    expect(unused.map(({ kind, count, example }) => [kind, count, example])).toEqual([
      ['HEIC pictures', 2, 'cats/a.heic'],
      ['JPEG XL and JPEG 2000 pictures', 1, 'dogs/c.jxl'],
      ['images without a class', 1, 'cover.png'],
      ['tables', 1, 'labels.csv'],
      ['videos', 1, 'clip.mp4'],
    ]);
    expect(unused[0]!.reason).toContain('convert it to JPEG or PNG');
  });

  it('names the class by the level that is asked for', async () => {
    for (const path of ['s1/cat/1.png', 's1/dog/1.png', 's2/cat/1.png']) await putPlain(path, 0);
    expect((await imageFolder(root, { imageSize: 4 })).classNames).toEqual(['s1', 's2']);
    const { classNames, labels } = await imageFolder(root, { imageSize: 4, classLevel: 1 });
    expect([classNames, ...labels!]).toEqual([['cat', 'dog'], 0, 1, 0]);
    await expect(imageFolder(root, { classLevel: -1 })).rejects.toThrow('imageFolder: `classLevel` must be an integer >= 0, got -1');
  });

  it('takes no part of a data set for a class', async () => {
    await putPlain('train/1.png', 0);
    await putPlain('Validation/1.png', 0);
    await expect(imageFolder(root)).rejects.toThrow('has sub-folders for training and for testing, which are not classes');
    expect((await imageFolder(root, { imageSize: 4, classLevel: 0 })).classNames).toEqual(['Validation', 'train']);
  });

  it('counts each photo once, whatever links lead to it', async () => {
    const folders = ['a', 'b', 'c'];
    for (const folder of folders) for (const name of ['1', '2']) await putPlain(`${folder}/${name}.png`, 0);
    for (const folder of folders) for (const other of folders) await symlink(join(root, other), join(root, folder, `to-${other}`));
    await symlink(root, join(root, 'a', 'up'));
    await symlink(join(root, 'a', '1.png'), join(root, 'b', '3.png'));
    await symlink(join(root, 'nothing'), join(root, 'b', '4.png'));
    const { length, paths, classNames, unused } = await imageFolder(root, { imageSize: 4 });
    expect([length, classNames]).toEqual([6, folders]);
    expect(paths.map((path) => path.slice(root.length + 1))).toEqual(
      folders.flatMap((folder) => [join(folder, '1.png'), join(folder, '2.png')]),
    );
    expect(unused.map(({ kind, count }) => [kind, count])).toEqual([
      ['links within the folder', 11],
      ['broken links', 1],
    ]);
  });

  it('follows links to what has no other name, and never out of the folder', async () => {
    await putPlain('outside/secret.png', 0);
    await putPlain('photos/a/1.png', 0);
    await putPlain('photos/.store/b/1.png', 0);
    await putPlain('photos/.store/blob', 0);
    const folder = join(root, 'photos');
    await symlink(join('.store', 'b'), join(folder, 'b'));
    await symlink(join('..', '.store', 'blob'), join(folder, 'a', '2.jpg')); // PNG by its content
    await symlink(join('..', 'outside'), join(folder, 'c'));
    await symlink(join('..', '..', 'outside', 'secret.png'), join(folder, 'a', '3.png'));
    await symlink(join('..', '..'), join(folder, 'a', 'up'));
    const { paths, unused } = await imageFolder(folder, { imageSize: 4 });
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual([join('a', '1.png'), join('a', '2.jpg'), join('b', '1.png')]);
    expect(unused.map(({ kind, count }) => [kind, count])).toEqual([['links out of the folder', 3]]);
    const link = join(root, 'link');
    await symlink(folder, link); // the folder itself may be one
    expect((await imageFolder(link, { imageSize: 4 })).length).toBe(3);
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await symlink(join('..', 'outside'), join(folder, 'c'));
    await expect(imageFolder(folder)).rejects.toThrow(
      'found 1 links out of the folder, such as c, which leads out of the data folder; copy',
    );
  });

  it.each([
    ['decoded once', 2 ** 30],
    ['decoded when read', 0],
  ])('skips, counts and names what cannot be decoded: %s', async (_, cacheBytes) => {
    await putPlain('a/good.jpg', 50);
    await put('a/text.jpg', 'this is text');
    const jpeg = await noisyJpeg();
    await put('b/cut.jpg', jpeg.subarray(0, jpeg.length >> 1));
    await put('b/empty.png', '');
    await putPlain('b/good.jpg', 60);
    const told: SkippedImage[] = [];
    const photos = await imageFolder(root, { imageSize: 4, cacheBytes, onSkip: (skip) => told.push(skip) });
    const all = Array.from({ length: photos.length }, (_, i) => i);
    for (let pass = 0; pass < 2; pass++) {
      const { indices, pixels } = await photos.read(all);
      expect(Array.from(indices, (i) => photos.paths[i])).toEqual([join(root, 'a', 'good.jpg'), join(root, 'b', 'good.jpg')]);
      expect(pixels.length).toBe(2 * 48);
      expect(pixels[0]).toBe(50);
      expect(pixels[48]).toBe(60);
    }
    expect(photos.length).toBe(cacheBytes === 0 ? 5 : 2);
    expect(photos.labels?.length).toBe(photos.length);
    expect(told.map(({ path }) => path).sort()).toEqual(['a/text.jpg', 'b/cut.jpg', 'b/empty.png'].map((path) => join(root, path)));
    expect(photos.skipped.map(({ path }) => path).sort()).toEqual(told.map(({ path }) => path).sort());
    for (const { reason } of photos.skipped) expect(reason).toMatch(/^[^\n]{5,}$/);
  });

  it('keeps what fits in the cache and decodes the rest each time', async () => {
    for (let i = 0; i < 6; i++) await putPlain(`${i}.png`, i * 10);
    const photos = await imageFolder(root, { imageSize: 4, cacheBytes: 2 * 48 + 47 });
    const order = [5, 0, 3, 1, 5];
    const shades = async () => Array.from((await photos.read(order)).pixels).filter((_, i) => i % 48 === 0);
    expect(await shades()).toEqual(order.map((i) => i * 10));
    for (const i of [0, 1, 2, 3]) await writeFile(photos.paths[i]!, await readFile(photos.paths[5]!));
    expect(await shades()).toEqual([50, 0, 50, 10, 50]);
  });

  it('says what to do about an empty folder, a missing one, and one full of broken files', async () => {
    await expect(imageFolder(root)).rejects.toThrow(`imageFolder: there are no images in ${root}; put JPEG, PNG`);
    await expect(imageFolder(join(root, 'nowhere'))).rejects.toThrow('nowhere is not there; check the path');
    await put('a.jpg', 'text');
    await expect(imageFolder(root)).rejects.toThrow('not one of the 1 images of');
    await expect(imageFolder(root)).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    await expect(imageFolder(root, { imageSize: 0 })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
    await expect(imageFolder(root, { cacheBytes: -1 })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
  });
});

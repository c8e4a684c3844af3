import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packTar } from 'modern-tar';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { looksLikeImageTexts, openImageTexts } from './open-image-texts.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-pairs-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

function put(path: string, content: Uint8Array | string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  return join(root, path);
}
const png = (value: number) =>
  sharp({ create: { width: 4, height: 4, channels: 3, background: { r: value, g: value, b: value } } }).png().toBuffer(); // prettier-ignore
const pack = (members: Readonly<Record<string, Uint8Array | string>>) =>
  packTar(Object.entries(members).map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body), type: 'file' as const }, body }))); // prettier-ignore

let pictures: Uint8Array[] = [];
beforeAll(async () => {
  pictures = await Promise.all(Array.from({ length: 10 }, (_, i) => png(20 * i)));
  pictures.forEach((picture, i) => put(`data/img/${i}.png`, picture));
  put('data/img/broken.png', 'no picture');
});

/** The brightness of each image beside its caption. */
async function pairsOf(set: { length: number; captions: readonly string[]; read(rows: number[]): Promise<{ pixels: Uint8Array }> }) {
  const { pixels } = await set.read(set.captions.map((_, i) => i));
  return set.captions.map((caption, i) => [pixels[12 * i]! / 20, caption]);
}
const options = { imageSize: 2, testFraction: 0 };

describe('a table', () => {
  const rows = Array.from({ length: 10 }, (_, i) => `img/${i}.png,"picture ${i}, gray",${i % 2 ? 'odd' : 'even'}`);

  it('names images beside it, their texts and classes; broken ones are left out with their text', async () => {
    const path = put(
      'data/pairs.csv',
      ['image,caption,label', rows[0], 'img/broken.png,broken,odd', ...rows.slice(1), 'img/3.png,,odd'].join('\n'),
    );
    const { train, test, skipped, empty } = await openImageTexts(path, options);
    expect(await pairsOf(train)).toEqual(Array.from({ length: 10 }, (_, i) => [i, `picture ${i}, gray`]));
    expect([train.name, train.classNames, Array.from(train.labels!.subarray(0, 3)), test]).toEqual([
      'pairs',
      ['even', 'odd'],
      [0, 1, 0],
      undefined,
    ]);
    expect([skipped.map((each) => each.path), empty, train.paths[9]]).toEqual([
      [join(root, 'data/img/broken.png')],
      1,
      join(root, 'data/img/9.png'),
    ]);
    expect(await looksLikeImageTexts(path)).toBe(true);
  });

  it('has several texts of an image on one side of the split, or says itself what is for testing', async () => {
    const twice = Array.from({ length: 20 }, (_, i) => JSON.stringify({ file_name: `img/${i % 10}.png`, text: `text ${i}` }));
    const { train, test, testFrom } = await openImageTexts(put('data/metadata.jsonl', twice.join('\n')), {
      imageSize: 2,
      testFraction: 0.3,
    });
    expect([train.length, test!.length, testFrom]).toEqual([14, 6, 'held out']);
    expect(train.paths.filter((path) => test!.paths.includes(path))).toEqual([]);
    expect(await looksLikeImageTexts(join(root, 'data'))).toBe(true); // by its metadata
    const said = put(
      'data/split.tsv',
      ['img\tcaption\tsplit', 'img/0.png\ta "b\ttrain', 'img/1.png\tc\tval', 'img/2.png\td\ttest'].join('\n'),
    );
    const parts = await openImageTexts(said, { ...options, limit: 1 });
    expect([parts.train.captions, parts.test!.captions, parts.testFrom]).toEqual([['a "b'], ['c', 'd'], 'own part']);
    const lists = put('data/lists.jsonl', JSON.stringify({ image: 'img/1.png', captions: ['one', 'uno'] }));
    expect((await openImageTexts(lists, options)).train.captions).toEqual(['one', 'uno']);
    const none = put('data/none.jsonl', '{"image": "img/1.png", "caption": []}\n{"image": "img/2.png", "caption": "two"}');
    const { train: left, empty } = await openImageTexts(none, options);
    expect([left.captions, empty]).toEqual([['two'], 1]);
  });

  it('says how many pairs have no class where others have one', async () => {
    const some = put('data/some.csv', ['image,caption,label', ...rows.slice(0, 8), 'img/8.png,eight,', 'img/9.png,nine,'].join('\n'));
    const { train, unlabeled } = await openImageTexts(some, options);
    expect([train.labels, unlabeled]).toEqual([undefined, 2]);
    const none = put('data/plain.csv', 'image,caption\nimg/8.png,eight\n');
    expect((await openImageTexts(none, options)).unlabeled).toBe(0);
  });

  it('with other names is asked for, and other tables are not taken for one', async () => {
    const odd = put('data/odd.csv', 'where,what\nimg/0.png,zero\nimg/1.png,one\n');
    await expect(openImageTexts(odd, options)).rejects.toThrow(
      /odd.csv must have a column of images, such as `image`, got where, what; say which with `imageColumn`/,
    );
    expect((await openImageTexts(odd, { ...options, imageColumn: 'where', textColumn: 'what' })).train.captions).toEqual(['zero', 'one']);
    await expect(openImageTexts(odd, { ...options, imageColumn: 0, textColumn: 1, labelColumn: 'nope' })).rejects.toThrow(
      /must have a column nope, .*; say which with `labelColumn`/,
    );
    for (const table of ['file,label\nimg/0.png,a\n', 'text,label\nhello there,a\n', 'image,caption\nimg/none.png,x\n', 'a\n'])
      expect(await looksLikeImageTexts(put('data/other.csv', table)), table).toBe(false);
    expect(await looksLikeImageTexts(join(root, 'nowhere.csv'))).toBe(false);
    await expect(openImageTexts(put('data/web.csv', 'image,caption\nhttps://a.b/c.jpg,x\n'), options)).rejects.toThrow(
      /download the images first/,
    );
    await expect(openImageTexts(join(root, 'nowhere'), options)).rejects.toThrow(/there are no images with texts at/);
    await expect(openImageTexts(odd, { limit: 0 })).rejects.toThrow('`limit` must be an integer >= 1, got 0');
  });
});

describe('tar archives', () => {
  it('may have several texts of a picture in a list', async () => {
    const several = put(
      'several.tar',
      await pack({ 'a.png': pictures[1]!, 'a.json': '{"caption": ["one", "uno"]}', 'b.png': pictures[2]!, 'b.json': '{"caption": []}' }),
    );
    const { train, empty } = await openImageTexts(several, options);
    expect([await pairsOf(train), empty]).toEqual([[[1, 'one'], [1, 'uno']], 1]); // prettier-ignore
  });

  it('hold key.jpg beside key.txt or key.json, split by their names', async () => {
    put(
      'wds/train-0.tar',
      await pack({ 'a.png': pictures[1]!, 'a.txt': 'one\n', 'b.png': pictures[2]!, 'b.json': '{"caption": "two", "label": "x"}' }),
    );
    put('wds/train-1.tar', await pack({ 'c.txt': 'three', 'c.png': pictures[3]!, 'lonely.png': pictures[4]! }));
    put('wds/val-0.tar', await pack({ 'd.png': pictures[5]!, 'd.txt': 'five' }));
    const { train, test, empty } = await openImageTexts(join(root, 'wds'), options);
    expect([await pairsOf(train), await pairsOf(test!), empty]).toEqual([[[1, 'one'], [2, 'two'], [3, 'three']], [[5, 'five']], 1]); // prettier-ignore
    const captions = pictures.slice(0, 6).flatMap((picture, i) => [[`${i}.png`, picture], [`${i}.txt`, `a photo of thing ${i}`]]); // prettier-ignore
    const classes = pictures.slice(0, 6).flatMap((picture, i) => [[`${i}.png`, picture], [`${i}.txt`, i % 2 ? 'cat' : 'dog']]); // prettier-ignore
    expect(await looksLikeImageTexts(put('captions.tar', await pack(Object.fromEntries(captions) as Record<string, string>)))).toBe(true);
    expect(await looksLikeImageTexts(put('classes.tar', await pack(Object.fromEntries(classes) as Record<string, string>)))).toBe(false);
    await expect(openImageTexts(put('alone.tar', await pack({ 'a.png': pictures[0]! })), options)).rejects.toThrow(
      /no images with texts in .*alone.tar/,
    );
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@selfsup/core';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenizer } from '../../test/corpus-fixture.ts';
import { createLoader } from '../create-loader.ts';
import { decodeImage } from './decode-image.ts';
import { frameFolders } from './frame-folders.ts';
import { imageFolder } from './image-folder.ts';
import { readNpy, writeNpy } from './npy.ts';
import { openImages } from './open-images.ts';
import { openVideos } from './open-videos.ts';
import { countDocuments } from './text/count-documents.ts';
import { openCorpus } from './text/open-corpus.ts';
import { openLabeledText } from './text/open-labeled-text.ts';
import { openTokenizer } from './text/open-tokenizer.ts';
import { trainTokenizer } from './text/train-tokenizer.ts';

const NAME = 'a\u001b[31m\n\u202eb';
const SHOWN = String.raw`a\u{1b}[31m\n\u{202e}b`;
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-names-'));
  await mkdir(join(root, NAME));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});
const put = async (path: string, content: Uint8Array | string) => {
  await writeFile(join(root, path), content);
  return join(root, path);
};
const inNasty = (name: string) => join(NAME, `${NAME}${name}`);

describe.skipIf(process.platform === 'win32')('names that steer terminals', () => {
  const images = (labels: string) => async () => {
    const path = await put(inNasty('-images-idx3-ubyte'), Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7));
    await put(inNasty('-labels-idx1-ubyte'), labels);
    return openImages(path);
  };
  it.each<[string, () => Promise<unknown>]>([
    ['imageFolder, empty', () => imageFolder(join(root, NAME))],
    ['imageFolder, missing', () => imageFolder(join(root, NAME, 'x'))],
    [
      'imageFolder, broken',
      async () => {
        await put(inNasty('.png'), 'x');
        return imageFolder(join(root, NAME));
      },
    ],
    [
      'imageFolder, other files',
      async () => {
        await put(inNasty('.bmp'), 'x');
        return imageFolder(join(root, NAME));
      },
    ],
    ['frameFolders', () => frameFolders(join(root, NAME))],
    ['openVideos, missing', () => openVideos(join(root, NAME, 'x'))],
    [
      'openVideos, loose',
      async () => {
        await put(inNasty('.png'), 'x');
        return openVideos(join(root, NAME));
      },
    ],
    ['openImages, missing', () => openImages(join(root, NAME, 'x'))],
    ['openImages, unknown', async () => openImages(await put(inNasty('.xyz'), 'x'))],
    ['openImages, labels of text', images('label\n1\n')],
    ['openImages, labels of another number', images('\0\0\x08\x01\0\0\0\x02ab')],
    ['openImages, damaged gzip', async () => openImages(await put(inNasty('.gz'), Uint8Array.of(0x1f, 0x8b, 8, 0, 1)))],
    ['openImages, CIFAR', async () => openImages(await put(inNasty('.bin'), 'x'))],
    ['openImages, size', async () => openImages(await put(inNasty('.bin'), new Uint8Array(3073)), { imageSize: 5 })],
    ['decodeImage', async () => decodeImage(await put(inNasty('.jpg'), '<svg>'))],
    ['readNpy', async () => readNpy(await put(inNasty('.npy'), 'x'))],
    ['writeNpy', () => writeNpy(join(root, NAME), new Uint8Array(1), [1])],
    ['openTokenizer, missing', () => openTokenizer(join(root, NAME))],
    ['openTokenizer, damaged', async () => openTokenizer(await put(inNasty('.json'), '{'))],
    ['openTokenizer, not UTF-8', async () => openTokenizer(await put(inNasty('.txt'), Uint8Array.of(0xff)))],
    ['openCorpus, nothing', () => openCorpus(join(root, NAME), { tokenizer })],
    ['openCorpus, empty', async () => openCorpus(await put(inNasty('.txt'), ' '), { tokenizer, cacheFolder: join(root, 'cache') })],
    [
      'openCorpus, not UTF-8',
      async () => openCorpus(await put(inNasty('.txt'), Uint8Array.of(0xff)), { tokenizer, cacheFolder: join(root, 'cache') }),
    ],
    ['openCorpus, cache', async () => openCorpus(await put('b.txt', 'w0'), { tokenizer, cacheFolder: await put(inNasty(''), 'x') })],
    ['countDocuments', () => countDocuments(join(root, NAME, '*.txt'))],
    ['trainTokenizer', async () => trainTokenizer(await put(inNasty('.txt'), Uint8Array.of(0xff)))],
    ['openLabeledText, missing', () => openLabeledText(join(root, NAME, 'x.tsv'))],
    ['openLabeledText, columns', async () => openLabeledText(await put(inNasty('.csv'), 'a,b,c\n'))],
    ['openLabeledText, format', async () => openLabeledText(await put(inNasty('.xyz'), 'a,b,c\n'))],
    [
      'createLoader',
      async () => {
        const background = { r: 1, g: 2, b: 3 };
        await put(
          inNasty('.png'),
          await sharp({ create: { width: 1, height: 1, channels: 3, background } })
            .png()
            .toBuffer(),
        );
        return createLoader(await imageFolder(join(root, NAME)), { batchSize: 9, rng: createRng(0) });
      },
    ],
  ])('are written out: %s', async (_, work) => {
    const error = await work().then(() => new Error('nothing was refused'), (thrown: unknown) => thrown as Error); // prettier-ignore
    expect(error).toMatchObject({ name: 'SelfsupError' });
    expect(error.message).toContain(SHOWN);
    expect(error.message).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  });
});

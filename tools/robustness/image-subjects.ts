import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createRng } from '@selfsup/core';
import { gunzip, parseCifar, parseIdx, type ImageDataset } from '@selfsup/data';
import { decodeImage, openImages, openVideos, readNpy, writeNpy } from '@selfsup/data/node';
import sharp from 'sharp';
import { createChance } from './chance.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { assertRight, assertShape, mutateOneOf, writeFolder, type Files, type Subject } from './subject.ts';

function noise(length: number): Uint8Array {
  const chance = createChance(1, 'noise');
  return Uint8Array.from({ length }, () => chance.whole(256));
}

function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((side, i) => header.writeUInt32BE(side, 4 + 4 * i));
  return Buffer.concat([header, data]);
}

/** Reads some images of a data set that was accepted. */
async function assertImages(images: ImageDataset): Promise<void> {
  const { pixels, shape } = await images.read(Array.from({ length: Math.min(images.length, 4) }, (_, i) => i));
  assertShape(pixels, shape);
  assertRight(!images.labels || images.labels.length === images.length, 'there is not one label for each image');
}

async function makePictures(): Promise<Record<string, Uint8Array>> {
  const picture = () => sharp(noise(24 * 20 * 3), { raw: { width: 24, height: 20, channels: 3 } });
  return {
    png: await picture().png().toBuffer(),
    jpg: await picture().jpeg().toBuffer(),
    webp: await picture().webp().toBuffer(),
    tif: await picture().tiff({ compression: 'lzw' }).toBuffer(),
    gif: await picture().gif().toBuffer(),
    avif: await picture().avif({ effort: 0 }).toBuffer(),
  };
}

/**
 * Readers of arrays, images and videos.
 *
 * @param folder where files are written
 */
export async function imageSubjects(folder: string): Promise<Subject[]> {
  const place = join(folder, 'images');
  await writeNpy(
    join(writeFolder(place, {}), 'x.npy'),
    Float32Array.from({ length: 6 }, (_, i) => i / 4),
    [2, 3],
  );
  const npy = readFileSync(join(place, 'x.npy'));
  const images = idx([8, 6, 6], noise(288));
  const labels = idx(
    [8],
    Uint8Array.from({ length: 8 }, (_, i) => i % 3),
  );
  const cifar = Uint8Array.from({ length: 4 * 3073 }, (_, i) => (i % 3073 === 0 ? (i / 3073) % 10 : (i * 31) % 256));
  const pictures = await makePictures();
  const good = pictures['png']!;
  const open = async (files: Files) => {
    const { train, test } = await openImages(writeFolder(place, files), { imageSize: 8 });
    await assertImages(train);
    if (test) await assertImages(test);
  };
  return [
    {
      name: 'npy',
      async read(chance) {
        const { data, shape } = await readNpy(join(writeFolder(place, { 'x.npy': mutateBytes(npy, chance) }), 'x.npy'));
        assertShape(data, shape);
      },
    },
    {
      name: 'IDX',
      async read(chance) {
        const ending = chance.happens(0.5) ? '.gz' : '';
        const pack = (files: Files): Files =>
          Object.fromEntries(Object.entries(files).map(([name, content]) => [name, ending === '' ? content : gzipSync(content)]));
        const mutate = (content: Uint8Array) => mutateBytes(content, chance);
        const files = { [`train-images-idx3-ubyte${ending}`]: images, [`train-labels-idx1-ubyte${ending}`]: labels };
        await open(chance.happens(0.5) ? pack(mutateOneOf(files, chance, mutate)) : mutateOneOf(pack(files), chance, mutate));
      },
    },
    {
      name: 'IDX in memory',
      read(chance) {
        const { data, shape } = parseIdx(mutateBytes(images, chance));
        assertShape(data, shape);
      },
    },
    { name: 'gzip', read: (chance) => gunzip(mutateBytes(gzipSync(images), chance), { maxBytes: 1 << 20 }) },
    {
      name: 'CIFAR-10',
      async read(chance) {
        const mutated = mutateBytes(cifar, chance);
        await open({ 'data_batch_1.bin': mutated, 'test_batch.bin': cifar });
        const { pixels, labels: classes } = parseCifar(mutated);
        assertRight(
          pixels.length === classes.length * 3072 && classes.every((label) => label < 10),
          'the labels are not those of CIFAR-10',
        );
      },
    },
    ...Object.entries(pictures).map(([kind, bytes]): Subject => ({
      name: `${kind} pictures`,
      async read(chance) {
        const { pixels, height, width } = await decodeImage(mutateBytes(bytes, chance), chance.happens(0.5) ? { imageSize: 8 } : {});
        assertShape(pixels, [height, width, 3]);
      },
    })),
    {
      name: 'folders of photos',
      async read(chance) {
        const files: Files = { 'cat/a.png': good, 'cat/b.png': good, 'dog/a.png': good, 'dog/b.png': good };
        const more = { [`dog/c.${chance.pick(Object.keys(pictures))}`]: good };
        await open(mutateOneOf({ ...files, ...more }, chance, (content) => mutateBytes(content, chance)));
      },
    },
    {
      name: 'folders of frames',
      async read(chance) {
        const files = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`v${i >> 2}/${i}.png`, good]));
        const mutated = mutateOneOf(files, chance, (content) => mutateBytes(content, chance));
        const { train } = await openVideos(writeFolder(place, mutated), { imageSize: 8, clipLength: 2 });
        const { pixels, shape } = await train.readClips([0], createRng(0));
        assertShape(pixels, shape);
      },
    },
  ];
}

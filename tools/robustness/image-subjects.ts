import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createRng } from '@selfsup/core';
import { gunzip, parseCifar, parseIdx, type ImageDataset } from '@selfsup/data';
import { decodeImage, openImages, openVideos, readNpy, writeNpy } from '@selfsup/data/node';
import sharp from 'sharp';
import bmp from '../../packages/data/fixtures/bmp.json' with { type: 'json' };
import parquet from '../../packages/data/fixtures/parquet-images.json' with { type: 'json' };
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

/** A tar archive of files. */
function tar(files: Readonly<Record<string, Uint8Array | string>>): Uint8Array {
  const members = Object.entries(files).flatMap(([name, content]) => {
    const body = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(name);
    header.write('0000644\0'.padEnd(24, '0'), 100);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0        0', 136);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...members, Buffer.alloc(1024)]);
}

const base64 = (text: string): Uint8Array => Buffer.from(text, 'base64');

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
    bmp: base64(bmp['16 bits by masks'].bmp),
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
      name: 'tar archives',
      async read(chance) {
        const archive = tar({ 'a.png': good, 'a.cls': '0', 'b.png': good, 'b.json': '{"label":"x"}', 'c/d.jpg': pictures['jpg']! });
        await open({ 'train-000.tar': mutateBytes(archive, chance), 'val-000.tar': archive });
      },
    },
    ...Object.entries(parquet.files).map(([packing, bytes]): Subject => ({
      name: `Parquet files of pictures, ${packing}`,
      read: (chance) => open({ 'train-0.parquet': mutateBytes(base64(bytes), chance) }),
    })),
    {
      name: 'photos with a table of labels',
      async read(chance) {
        const table = chance.happens(0.5) ? 'labels.csv' : 'metadata.jsonl';
        const rows = ['a', 'b', 'c', 'd'].map((name, i) => ({ file_name: `${name}.png`, label: i % 2 === 0 ? 'x' : 'y' }));
        const csv = `file_name;label\n${rows.map((row) => `${row.file_name};"${row.label}"`).join('\n')}`;
        const content = table === 'labels.csv' ? csv : rows.map((row) => JSON.stringify(row)).join('\n');
        const photos = Object.fromEntries(rows.map((row) => [row.file_name, good]));
        await open({ ...photos, [table]: mutateBytes(Buffer.from(content), chance) });
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

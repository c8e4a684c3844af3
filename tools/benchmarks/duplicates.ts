/**
 * Recall and precision of near-duplicates that were planted among images of CIFAR-10:
 * `npm run bench:duplicates -- runs/cifar [images] [page.html]`, with SELFSUP_DATA naming the folder of the data sets.
 *
 * Of the images, some get a copy each: cut, compressed as JPEG, mirrored or recolored, by sharp. The rest stay as they are; CIFAR-10 has near-duplicates of
 * its own, so pairs without a planted copy are counted apart, and the page shows them.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selectBackend } from '@selfsup/backends';
import { createRng, drawPermutation, drawUniform } from '@selfsup/core';
import type { ImageDataset } from '@selfsup/data';
import { openImages } from '@selfsup/data/node';
import { contentKeys, duplicatesReport, embedSet, findDuplicates, searchSet, type EmbeddedSet } from '@selfsup/pretrain';
import { loadEncoder } from '@selfsup/pretrain/node';
import { renderReport } from '@selfsup/report';
import sharp, { type Sharp } from 'sharp';

const [run, images = '5000', page] = process.argv.slice(2);
const data = process.env['SELFSUP_DATA'];
if (run === undefined || data === undefined) {
  console.error('usage: SELFSUP_DATA=data npm run bench:duplicates -- <run> [images] [page.html]');
  process.exit(2);
}
const SIDE = 32;
const SIZE = SIDE * SIDE * 3;

/** What becomes of a picture, decided by four numbers in [0, 1). */
const KINDS: Readonly<Record<string, (image: Sharp, draws: Float32Array) => Promise<Sharp> | Sharp>> = {
  'the same': (image) => image,
  'JPEG, quality 30 to 60': async (image, [a]) => sharp(await image.jpeg({ quality: 30 + Math.round(30 * a!) }).toBuffer()),
  recolored: (image, [a, b, c]) =>
    image.modulate({ brightness: 0.8 + 0.4 * a!, saturation: 0.6 + 0.8 * b!, hue: Math.round(20 * c! - 10) }),
  'cut by 2 to 4 of 32 pixels': (image, [a, b, c]) => {
    const side = SIDE - 2 - Math.floor(3 * a!);
    const [left, top] = [Math.floor((SIDE - side + 1) * b!), Math.floor((SIDE - side + 1) * c!)];
    return image.extract({ left, top, width: side, height: side }).resize(SIDE, SIDE);
  },
  mirrored: (image) => image.flop(),
};
const kinds = Object.keys(KINDS);

async function plant(base: ImageDataset, rows: readonly number[]): Promise<{ dataset: ImageDataset; kindOf: Map<number, string> }> {
  const all = Array.from({ length: base.length }, (_, i) => i);
  const { pixels } = await base.read(all);
  const bytes = new Uint8Array(pixels.length + rows.length * SIZE);
  bytes.set(pixels);
  const kindOf = new Map<number, string>();
  for (const [i, row] of rows.entries()) {
    const kind = kinds[i % kinds.length]!;
    const image = sharp(pixels.slice(row * SIZE, (row + 1) * SIZE), { raw: { width: SIDE, height: SIDE, channels: 3 } });
    const changed = await (await KINDS[kind]!(image, drawUniform(createRng(1).fold('plant').fold(i), 4))).removeAlpha().raw().toBuffer();
    bytes.set(changed, (base.length + i) * SIZE);
    kindOf.set(base.length + i, kind);
  }
  const length = base.length + rows.length;
  const read: ImageDataset['read'] = (indices) => {
    const out = new Uint8Array(indices.length * SIZE);
    for (let i = 0; i < indices.length; i++) out.set(bytes.subarray(indices[i]! * SIZE, (indices[i]! + 1) * SIZE), i * SIZE);
    return Promise.resolve({ pixels: out, shape: [indices.length, SIDE, SIDE, 3], indices: Int32Array.from(indices) });
  };
  return { dataset: { name: 'CIFAR-10 with planted copies', length, height: SIDE, width: SIDE, channels: 3, read }, kindOf };
}

const { train } = await openImages(join(data, 'cifar-10'), { seed: 0, limit: Number(images) });
const perKind = Math.max(5, Math.round(train.length / 100));
const originals = [...drawPermutation(createRng(1), train.length).slice(0, perKind * kinds.length)];
const { dataset, kindOf } = await plant(train, originals);
const originalOf = new Map(originals.map((row, i) => [train.length + i, row]));
const { description } = await selectBackend();
const encoder = await loadEncoder(run);
const set: EmbeddedSet = await embedSet(encoder, [{ samples: dataset }]);
const keys = await contentKeys(set);
console.log(
  `${train.length} images, ${perKind} planted copies of each kind; ${encoder.origin}, readout ${encoder.settings.readout}; ${description}`,
);
for (const whitening of [true, false]) {
  const found = await findDuplicates(encoder, set, { keys, whitening });
  const groupOf = new Map(found.groups.flatMap(({ rows }, group) => rows.map((row) => [row, group] as const)));
  const isFound = (copy: number) => groupOf.has(copy) && groupOf.get(copy) === groupOf.get(originalOf.get(copy)!);
  console.log(
    `\nwhitening ${whitening ? 'on' : 'off'}, threshold ${found.threshold.toFixed(3)}\n\n| planted | found | recall | first by search |\n| --- | --- | --- | --- |`,
  );
  const copies = [...kindOf.keys()];
  const hits = await searchSet({ ...set, items: copies.map((copy) => set.items[copy]!), features: takeRows(set, copies) }, set, {
    count: 2,
    whitening,
  });
  for (const kind of kinds) {
    const own = copies.filter((copy) => kindOf.get(copy) === kind);
    const first = own.filter((copy) => hits[copies.indexOf(copy)]!.some(({ row }) => row === originalOf.get(copy))).length;
    const right = own.filter(isFound).length;
    console.log(
      `| ${kind} | ${right} of ${own.length} | ${((100 * right) / own.length).toFixed(1)} % | ${((100 * first) / own.length).toFixed(1)} % |`,
    );
  }
  const right = copies.filter(isFound).length;
  const repeats = found.groups.reduce((sum, { rows }) => sum + rows.length - 1, 0);
  const largest = found.groups.reduce((most, { rows }) => Math.max(most, rows.length), 0);
  console.log(
    `\n${repeats} images repeat another: ${right} planted copies, ${repeats - right} others (precision at least ${((100 * right) / Math.max(1, repeats)).toFixed(1)} %); the largest group has ${largest}`,
  );
  if (page !== undefined && whitening) {
    const others = found.groups.filter(({ rows }) => !rows.some((row) => kindOf.has(row)));
    await writeFile(
      page,
      await renderReport(
        await duplicatesReport(
          { encoder, set, name: dataset.name },
          { ...found, groups: [...others, ...found.groups.filter((group) => !others.includes(group))] },
        ),
      ),
    );
  }
}

function takeRows(
  {
    features: {
      data: values,
      shape: [, dim],
    },
  }: EmbeddedSet,
  rows: readonly number[],
) {
  const taken = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    taken.set(values.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return { data: taken, shape: [rows.length, dim] as const };
}

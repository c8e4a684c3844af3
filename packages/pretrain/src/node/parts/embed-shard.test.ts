import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@selfsup/core';
import { shapes, type ImageDataset } from '@selfsup/data';
import { convNet, saveWeights } from '@selfsup/encoders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embedSamples, type SamplesPart } from '../../embed-samples.ts';
import { openSamplesFor } from '../../evaluate-encoder.ts';
import { importEncoder } from '../../import-encoder.ts';
import { loadEncoder, type LoadedEncoder } from '../../load-encoder.ts';
import { silentProgress, type Progress } from '../../progress.ts';
import type { Samples } from '../../samples.ts';
import { beginEmbeddings } from '../embeddings/embeddings-file.ts';
import { buildSearchIndex } from '../search-index/search-index.ts';
import { columnsOfSamples } from '../embeddings/embedding-columns.ts';
import { embedShard, mergeEmbeddings, mergeSearchIndex } from './embed-shard.ts';
import { listSamples, shareOfSamples } from './list-samples.ts';
import { finishedPart, partPath, recordPart } from './part-record.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-parts-'));
const at = (...names: string[]) => join(root, ...names);
const load = async (seed: number) => {
  const network = convNet({ widths: [2, 4] })(createRng(seed));
  const bytes = await importEncoder({
    ...{ modality: 'image', encoder: 'conv-net', encoderOptions: { widths: [2, 4] }, weights: await saveWeights(network) },
    input: { size: 8, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    source: { name: `hf:someone/${seed}`, sha256: 'a'.repeat(64), family: 'theirs' },
  });
  network.dispose();
  return loadEncoder(bytes);
};

/** The encoder with batches of 16, as those of larger images are. */
const inBatches = (of: LoadedEncoder, onBatch: () => void = () => undefined): LoadedEncoder => ({
  ...of,
  batchSizeOf: () => 16,
  async *encodeBatches(samples, { indices, ...options } = {}) {
    const all = Array.from(indices ?? Int32Array.from({ length: samples.length }, (_, i) => i));
    for (let first = 0; first < all.length; first += 16) {
      yield* of.encodeBatches(samples, { ...options, indices: all.slice(first, first + 16) });
      onBatch();
    }
  },
});

let encoder: LoadedEncoder;
let data: ImageDataset;
/** As a folder of photos is listed: some are labeled, and some cannot be read. */
let parts: SamplesPart[];
const COUNT = 5;
beforeAll(async () => {
  encoder = inBatches(await load(1));
  data = shapes({ count: 70, seed: 0, size: 8 });
  const { train } = await openSamplesFor(encoder, { data });
  const named = (samples: Samples, prefix: string, labels: Int32Array): Samples => ({
    ...samples,
    ids: Array.from({ length: samples.length }, (_, i) => `${prefix}/${i},"\n\u2028é".jpg`),
    labels,
  });
  const half = Int32Array.from({ length: 56 }, (_, i) => (i % 3 === 2 && i > 40 ? i % 2 : -1));
  parts = [
    { samples: named(train, 'train', half), split: 'train' },
    { samples: named(train, 'test', new Int32Array(56).fill(1)), split: 'test' },
  ];
});
afterAll(() => {
  encoder.dispose();
  rmSync(root, { recursive: true });
});

async function whole(out: string): Promise<void> {
  let file: Awaited<ReturnType<typeof beginEmbeddings>> | undefined;
  for await (const rows of embedSamples(encoder, parts)) {
    file ??= await beginEmbeddings(out, { dim: rows.features.shape[1], columns: columnsOfSamples(parts[0]!) });
    await file.write(rows);
  }
  await file!.keep();
}

const said = (lines: string[]): Progress => ({ ...silentProgress, warn: (text) => void lines.push(text) });
const folderOf = (name: string) => at(`${name}.parts`);
const shard = (name: string, index: number, options: { format?: string; progress?: Progress; count?: number; of?: SamplesPart[] } = {}) => {
  const { format = '.npy', count = COUNT, of = parts, progress } = options;
  return embedShard(encoder, of, { folder: folderOf(name), format, shard: { index, count }, progress });
};
const shards = async (name: string, format: string, count = COUNT) => {
  for (let index = 0; index < count; index++) await shard(name, index, { format, count });
};

describe('parts of embeddings', () => {
  it.each(['.npy', '.csv', '.parquet'])('%s: joined they are the file of one process, byte for byte', async (format) => {
    await whole(at(`whole${format}`));
    await shards(`joined${format}`, format, 12); // more than there are batches: some parts have no rows
    const { rows, dim } = await mergeEmbeddings(encoder, { folder: folderOf(`joined${format}`), format, out: at(`joined${format}`) });
    expect([rows, dim]).toEqual([112, 4]);
    for (const end of format === '.npy' ? ['.npy', '.index.json'] : [format])
      expect(readFileSync(at(`joined${end}`)).equals(readFileSync(at(`whole${end}`))), end).toBe(true);
    const names = readdirSync(folderOf(`joined${format}`));
    expect(names).toHaveLength(12 * (format === '.npy' ? 3 : 2));
    expect(names).toContain(`part-00011${format}`);
    if (format === '.csv') expect(readFileSync(at('joined.csv'), 'utf8')).toMatch(/^file,label,split,index,e0,e1,e2,e3\n/);
  });

  it('joined they are the index of one process', async () => {
    await shards('index', '.npy');
    const { exact, rows } = await mergeSearchIndex(encoder, { folder: folderOf('index'), out: at('index') });
    expect([exact, rows]).toEqual([true, 112]);
    await buildSearchIndex(at('index one'), embedSamples(encoder, parts), { encoder });
    expect(readdirSync(at('index'))).toEqual(readdirSync(at('index one')));
    for (const name of readdirSync(at('index')))
      expect(readFileSync(at('index', name)).equals(readFileSync(at('index one', name)))).toBe(true);
  });

  it('a part that is finished is not made again, unless it is damaged', async () => {
    const first = await shard('again', 1);
    expect(first).toMatchObject({ wasFinished: false, rows: 24, samples: 112, dim: 4 });
    writeFileSync(`${partPath(folderOf('again'), 1, '.npy')}.0123.partial`, 'of a process that was killed');
    expect(await shard('again', 1)).toEqual({ ...first, wasFinished: true });
    const warnings: string[] = [];
    for (const damage of [
      (text: Buffer) => text.subarray(1),
      (text: Buffer) => text.map((byte, i) => (i === text.length >> 1 ? byte ^ 1 : byte)),
    ]) {
      for (const end of ['.npy', '.index.json', '.json']) {
        const path = partPath(folderOf('again'), 1, end);
        const bytes = readFileSync(path);
        writeFileSync(path, damage(bytes));
        expect((await shard('again', 1, { progress: said(warnings) })).wasFinished).toBe(false);
        expect(readFileSync(path).equals(bytes), end).toBe(true);
      }
    }
    rmSync(partPath(folderOf('again'), 1, '.npy'));
    expect((await shard('again', 1, { progress: said(warnings) })).wasFinished).toBe(false);
    expect(warnings).toHaveLength(7);
    expect(warnings[0]).toMatch(/part-00001 is not as it was written, or a file of it is missing; it is made again/);
    expect(readdirSync(folderOf('again')).sort()).toEqual(['part-00001.index.json', 'part-00001.json', 'part-00001.npy']);
  });

  it('refuses the part of another job', async () => {
    await shard('foreign', 0);
    await expect(shard('foreign', 0, { count: 4 })).rejects.toThrow(
      /part-00000 is there already, made with another number of parts \(5, not 4\); choose another place for the parts, or remove those of the other job from .*foreign\.parts/,
    );
    await expect(shard('foreign', 0, { of: parts.slice(0, 1) })).rejects.toThrow(
      'made with another number of samples (samples 112, not 56)',
    );
    const renamed = [parts[0]!, { ...parts[1]!, samples: { ...parts[1]!.samples, ids: [...parts[1]!.samples.ids!].reverse() } }];
    await expect(shard('foreign', 0, { of: renamed })).rejects.toThrow(
      'made with other data: the list of names, texts or labels was not the same',
    );
    await expect(shard('foreign', 0, { format: '.csv' })).rejects.toThrow('made with another format (format .npy, not .csv)');
    const other = await load(2);
    try {
      await expect(
        embedShard(other, parts, { folder: folderOf('foreign'), format: '.npy', shard: { index: 0, count: COUNT } }),
      ).rejects.toThrow('made with another encoder, or the same before it was trained further');
      await shards('foreign', '.npy');
      await expect(mergeEmbeddings(other, { folder: folderOf('foreign'), format: '.npy', out: at('foreign.npy') })).rejects.toThrow(
        /part-00000 was made with another encoder.*, as this command has it/,
      );
    } finally {
      other.dispose();
    }
  });

  it('are joined when all are there, whole, and of one job', async () => {
    const merge = (name: string) => mergeEmbeddings(encoder, { folder: folderOf(name), format: '.npy', out: at(`${name}.npy`) });
    await expect(merge('none')).rejects.toThrow(/none.parts holds no finished part; make them first, each with `shard`/);
    for (const index of [0, 2]) await shard('some', index);
    writeFileSync(partPath(folderOf('some'), 2, '.npy'), 'x');
    await expect(merge('some')).rejects.toThrow(
      /1 of 5 parts are ready in .*some.parts: missing 1,3-4, damaged 2; make these first, such as with `shard` 1\/5 \(on Slurm: --array=1-4 with `shards` 5\)/,
    );
    await shard('counts', 0);
    await shard('counts', 3, { count: 4 });
    await expect(merge('counts')).rejects.toThrow(/part-00003 was made with another number of parts \(4, not 5\), unlike .*part-00000/);
    await shard('data', 0);
    await shard('data', 1, { of: [...parts].reverse() });
    await expect(merge('data')).rejects.toThrow(/part-00001 was made with other data.*, unlike .*part-00000/);
    expect(readdirSync(root).filter((name) => /^(none|some|counts|data)\.(npy|index)/.test(name))).toEqual([]);
  });

  it('leaves nothing behind when it is stopped, and says that nothing could be read', async () => {
    const controller = new AbortController();
    let inTheMiddle: string[] = [];
    const stopping = inBatches(encoder, () => {
      inTheMiddle = readdirSync(folderOf('stopped'));
      controller.abort();
    });
    const shard = { index: 0, count: 1 };
    const stopped = embedShard(stopping, parts, { folder: folderOf('stopped'), format: '.npy', shard, signal: controller.signal });
    await expect(stopped).rejects.toThrow(/abort/);
    expect(inTheMiddle.map((name) => name.replace(/[0-9a-f-]{36}/, '*')).sort()).toEqual([
      'part-00000.index.json.*.partial',
      'part-00000.npy.*.partial',
    ]);
    expect(readdirSync(folderOf('stopped'))).toEqual([]);
    const place = { folder: folderOf('empty'), shard: { index: 0, count: 1 }, identity: { job: 'x' } };
    mkdirSync(folderOf('empty'));
    writeFileSync(partPath(folderOf('empty'), 0, '.csv'), 'a,b\n');
    await recordPart(place, { ends: ['.csv'], rows: 0, facts: {}, skipped: [{ path: 'a', reason: 'b' }] });
    expect(await finishedPart(place, { progress: silentProgress })).toMatchObject({ rows: 0, skipped: [{ path: 'a' }] });
    await expect(mergeEmbeddings(encoder, { folder: folderOf('empty'), format: '.csv', out: at('empty.csv') })).rejects.toThrow(
      'nothing could be embedded: 1 input cannot be read',
    );
  });
});

describe('shareOfSamples', () => {
  it.each([1, 3, 9, 40])('gives each sample to one of %d, in whole batches', async (count) => {
    const listing = await listSamples(parts);
    const seen: string[] = [];
    for (let index = 0; index < count; index++)
      for (const { split, indices } of shareOfSamples(listing, { index, count }, () => 16)) {
        expect(indices![0]! % 16).toBe(0);
        seen.push(...Array.from(indices!, (i) => `${split!}${i}`));
      }
    expect(seen).toEqual(['train', 'test'].flatMap((split) => Array.from({ length: 56 }, (_, i) => `${split}${i}`)));
  });
});

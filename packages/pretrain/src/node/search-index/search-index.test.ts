import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, drawNormal } from '@selfsup/core';
import { shapes } from '@selfsup/data';
import { convNet, saveWeights } from '@selfsup/encoders';
import { nearestNeighbors, type FeatureMatrix } from '@selfsup/evaluate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embedSamples, type EmbeddedRows } from '../../embed-samples.ts';
import { openSamplesFor } from '../../evaluate-encoder.ts';
import { importEncoder } from '../../import-encoder.ts';
import { loadEncoder, type LoadedEncoder } from '../../load-encoder.ts';
import { buildSearchIndex, openSearchIndex } from './search-index.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-index-'));
const encoders: LoadedEncoder[] = [];
/** The first encoder, read on two grids. */
const pyramids: LoadedEncoder[] = [];
beforeAll(async () => {
  for (const seed of [1, 2]) {
    const network = convNet({ widths: [4, 8] })(createRng(seed));
    const bytes = await importEncoder({
      ...{ modality: 'image', encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, weights: await saveWeights(network) },
      input: { size: 16, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      source: { name: `hf:someone/${seed}`, sha256: 'a'.repeat(64), family: 'theirs' },
    });
    network.dispose();
    encoders.push(await loadEncoder(bytes));
    for (const grid of seed === 1 ? [1, 2] : []) {
      const readoutOptions = { levels: [{ layer: 'layer2', grid }] };
      pyramids.push(await loadEncoder(bytes, { readout: 'pyramid', readoutOptions }));
    }
  }
});
afterAll(() => {
  for (const encoder of [...encoders, ...pyramids]) encoder.dispose();
  rmSync(root, { recursive: true });
});

const DIM = 24;
const random = (rows: number, stream: string): FeatureMatrix => ({
  data: drawNormal(createRng(0).fold(stream), rows * DIM),
  shape: [rows, DIM],
});
async function* inParts({ data, shape: [rows] }: FeatureMatrix, size: number): AsyncGenerator<EmbeddedRows, void, void> {
  for (let first = 0; first < rows; first += size) {
    const count = Math.min(size, rows - first);
    yield await Promise.resolve({
      items: Array.from({ length: count }, (_, i) => ({ index: first + i })),
      features: { data: data.subarray(first * DIM, (first + count) * DIM), shape: [count, DIM] },
    });
  }
}

describe('an index on disk', () => {
  it('is searched exactly, by the encoder that built it alone', async () => {
    const [encoder, other] = encoders as [LoadedEncoder, LoadedEncoder];
    const folder = join(root, 'exact');
    const { train } = await openSamplesFor(encoder, { data: shapes({ count: 40, seed: 0, size: 16 }) });
    expect(await buildSearchIndex(folder, embedSamples(encoder, [{ samples: train }]), { encoder })).toMatchObject({ exact: true });
    const index = await openSearchIndex(folder, encoder);
    expect(index.items).toHaveLength(train.length);
    const queries = await encoder.encode(train, { indices: [5, 9] });
    const hits = await index.search(queries, { count: 3 });
    expect(hits.map((found) => [found[0]!.row, found.length])).toEqual([[5, 3], [9, 3]]); // prettier-ignore
    await expect(openSearchIndex(folder, other)).rejects.toThrow(/was built with another encoder or readout \(hf:someone\/1\)/);
  });

  it('tells readouts of one encoder apart, and their options', async () => {
    const [one, four] = pyramids as [LoadedEncoder, LoadedEncoder];
    const folder = join(root, 'readouts');
    const { train } = await openSamplesFor(one, { data: shapes({ count: 4, seed: 0, size: 16 }) });
    await buildSearchIndex(folder, embedSamples(one, [{ samples: train }]), { encoder: one });
    expect((await openSearchIndex(folder, one)).items).toHaveLength(train.length);
    for (const other of [four, encoders[0]!]) await expect(openSearchIndex(folder, other)).rejects.toThrow(/another encoder or readout/);
  });

  it('is searched by a graph above a size, with nearly the exact neighbors', async () => {
    const encoder = encoders[0]!;
    const folder = join(root, 'graph');
    const [bank, queries] = [random(3000, 'bank'), random(50, 'queries')];
    expect(await buildSearchIndex(folder, inParts(bank, 700), { encoder, exactUpTo: 1000 })).toEqual({ rows: 3000, exact: false });
    expect(readdirSync(folder).sort()).toEqual(['features.index.json', 'features.npy', 'neighbors.usearch', 'search.json']);
    const index = await openSearchIndex(folder, encoder);
    const hits = await index.search(queries, { count: 10 });
    const exact = await nearestNeighbors(queries, bank, { k: 10 });
    let found = 0;
    for (const [query, list] of hits.entries()) {
      const right = new Set(exact.indices.subarray(query * 10, (query + 1) * 10));
      found += list.filter(({ row }) => right.has(row)).length;
      expect(list[0]!.cosine).toBeCloseTo(exact.cosines[query * 10]!, 4);
    }
    expect(found / 500).toBeGreaterThan(0.97);
    writeFileSync(join(folder, 'neighbors.usearch'), 'cut');
    await expect(openSearchIndex(folder, encoder)).rejects.toThrow(/the index .*graph is damaged; build it again/);
  });

  it('says where there is none', async () => {
    await expect(openSearchIndex(join(root, 'none'), encoders[0]!)).rejects.toThrow(/holds no index .*--build/);
    writeFileSync(join(root, 'search.json'), '{}');
    await expect(openSearchIndex(root, encoders[0]!)).rejects.toThrow(/search\.json is damaged, or not of selfsup/);
  });
});

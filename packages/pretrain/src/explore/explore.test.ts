import { createRng } from '@selfsup/core';
import { shapes } from '@selfsup/data';
import { convNet, saveWeights } from '@selfsup/encoders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSamplesFor } from '../evaluate-encoder.ts';
import { importEncoder } from '../import-encoder.ts';
import { loadEncoder, type LoadedEncoder } from '../load-encoder.ts';
import type { Section } from '../section.ts';
import { contentKeys } from './content-keys.ts';
import { embedSet, nameOfItem, type EmbeddedSet } from './embedded-set.ts';
import { duplicatesReport, outliersReport, searchReport, selectionReport } from './explore-reports.ts';
import { findDuplicates } from './find-duplicates.ts';
import { findOutliers } from './find-outliers.ts';
import { searchSet } from './search-set.ts';
import { selectSamples } from './select-samples.ts';

const [SIDE, COUNT] = [16, 200];
const SIZE = SIDE * SIDE * 3;
let encoder: LoadedEncoder;
let set: EmbeddedSet;

/** Shapes; 200 is the same as 3, 201 is a little brighter than 5, 202 is a chessboard. */
beforeAll(async () => {
  const { pixels } = await shapes({ count: COUNT, seed: 4, size: SIDE }).read(Array.from({ length: COUNT }, (_, i) => i));
  const images = new Uint8Array((COUNT + 3) * SIZE);
  images.set(pixels);
  images.copyWithin(COUNT * SIZE, 3 * SIZE, 4 * SIZE);
  images.set(pixels.subarray(5 * SIZE, 6 * SIZE).map((value) => Math.min(255, value + 4)), (COUNT + 1) * SIZE); // prettier-ignore
  images.set(
    Uint8Array.from({ length: SIZE }, (_, i) => 255 * ((Math.floor(i / 3) + Math.floor(i / 3 / SIDE)) % 2)),
    (COUNT + 2) * SIZE,
  );
  const network = convNet({ widths: [8, 16] })(createRng(3));
  const bytes = await importEncoder({
    ...{ modality: 'image', encoder: 'conv-net', encoderOptions: { widths: [8, 16] }, weights: await saveWeights(network) },
    input: { size: SIDE, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    source: { name: 'hf:someone/something', sha256: 'a'.repeat(64), family: 'theirs' },
  });
  network.dispose();
  encoder = await loadEncoder(bytes);
  const { train } = await openSamplesFor(encoder, { data: { images, shape: [COUNT + 3, SIDE, SIDE, 3], name: 'shapes' } });
  set = await embedSet(encoder, [{ samples: train }]);
});
afterAll(() => {
  encoder.dispose();
});

const galleries = (sections: readonly Section[]) => sections.flatMap((section) => (section.kind === 'gallery' ? [section.rows] : []))[0]!;

describe('a set of embeddings', () => {
  it('has the same rows as all at once, with what they stand for', async () => {
    const { features, items, partOf } = set;
    expect([features.shape[0], items.length, partOf.length]).toEqual([COUNT + 3, COUNT + 3, COUNT + 3]);
    const { data } = await encoder.encode(set.parts[0]!.samples);
    expect(features.data).toEqual(data);
    expect(items[7]).toEqual({ index: 7 });
    expect(nameOfItem({ split: 'test', index: 7 })).toBe('test 7');
  });

  it('finds what is like a query', async () => {
    const queries = await embedSet(encoder, [{ samples: set.parts[0]!.samples }]);
    const hits = await searchSet({ ...queries, items: queries.items }, set, { count: 2 });
    expect(hits[3]!.map(({ row }) => row)).toEqual([3, 200]);
    expect(hits[5]!.map(({ row }) => row)).toEqual([5, 201]);
    const page = await searchReport({ encoder, set, name: 'shapes' }, queries, hits.slice(0, 3));
    const rows = galleries(page.sections);
    expect(rows.map((row) => row.length)).toEqual([3, 3, 3]);
    expect(rows[0]![1]).toMatchObject({ image: expect.stringMatching(/^data:image\/png/) as string, caption: '0 · 1.000' });
    expect((await searchSet(queries, set, { count: 2, whitening: true }))[5]!.map(({ row }) => row)).toEqual([5, 201]);
  });

  it('finds duplicates, those that are the same by their content', async () => {
    const keys = await contentKeys(set);
    expect([keys[3] === keys[200], keys[5] === keys[201], new Set(keys).size]).toEqual([true, false, COUNT + 2]);
    const given = await findDuplicates(encoder, set, { threshold: 0.99, keys });
    expect(given.groups).toEqual([
      { rows: [3, 200], exact: true, cosine: 1 },
      { rows: [5, 201], exact: false, cosine: expect.closeTo(1, 1) as number },
    ]);
    const found = await findDuplicates(encoder, set, { keys });
    expect(found.groups.slice(0, 2).map(({ rows }) => rows)).toEqual([[3, 200], [5, 201]]); // prettier-ignore
    expect(found.groups.length).toBeLessThan(8);
    expect(found.copiesFound).toBeGreaterThan(0.2);
    expect(found.chosenBy).toMatch(/^203 slightly altered copies put the threshold at a cosine of 0\.\d+: .* of such copies are found/);
    expect(await findDuplicates(encoder, set, { keys })).toEqual(found);
    const { sections } = await duplicatesReport({ encoder, set, name: 'shapes' }, found);
    expect(galleries(sections)[0]!.map(({ caption }) => caption)).toEqual(['3 · the same', '200']);
    await expect(findDuplicates(encoder, set, { threshold: 2 })).rejects.toThrow('`threshold` must be in [-1, 1], got 2');
  });

  it('ranks what belongs nowhere among the first', async () => {
    const outliers = await findOutliers(set, { count: 25 });
    expect(outliers.slice(0, 10).map(({ row }) => row)).toContain(202); // the network has learned nothing
    expect(outliers).toHaveLength(25);
    const { sections } = await outliersReport({ encoder, set, name: 'shapes' }, outliers);
    expect(galleries(sections).map((row) => row.length)).toEqual([10, 10, 5]);
  });

  it.each(['typicality', 'k-center'] as const)('is chosen from by %s', async (method) => {
    const selected = await selectSamples(set, { count: 12, method });
    expect(new Set(selected.map(({ row }) => row)).size).toBe(12);
    expect(await selectSamples(set, { count: 12, method })).toEqual(selected);
    // what belongs nowhere is typical of nothing, and far from everything
    expect(selected.some(({ row }) => row === 202)).toBe(method === 'k-center');
    const { sections } = await selectionReport({ encoder, set, name: 'shapes' }, selected, method);
    expect(galleries(sections).flat()).toHaveLength(12);
  });
});

import { createRng, drawPermutation } from '@selfsup/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { arrayImages } from './array-images.ts';
import { createLoader, type LoaderOptions } from './create-loader.ts';
import type { ImageDataset } from './image-dataset.ts';

const numbered = (length: number) => arrayImages(new Uint8Array(length * 3), [length, 1, 1, 3], { name: 'numbered' });
const rng = createRng(5);

async function collect(iterable: AsyncIterable<{ indices: Int32Array }>): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const batch of iterable) batches.push([...batch.indices]);
  return batches;
}
const epochOf = (length: number, options: Partial<LoaderOptions> & { batchSize: number }, epoch = 0, firstStep = 0) =>
  collect(createLoader(numbered(length), { rng, ...options }).epoch(epoch, { firstStep }));

const sizes = fc.record({
  length: fc.integer({ min: 1, max: 60 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  worldSize: fc.integer({ min: 1, max: 5 }),
  shuffle: fc.boolean(),
  prefetch: fc.integer({ min: 0, max: 4 }),
});

describe('createLoader', () => {
  it('reads the order that the Rng names', async () => {
    const order = [...drawPermutation(rng.fold('shuffle').fold(3), 10)];
    expect((await epochOf(10, { batchSize: 5 }, 3)).flat()).toEqual(order);
    expect((await epochOf(10, { batchSize: 5 }, 4)).flat()).not.toEqual(order);
    expect((await epochOf(10, { batchSize: 5, shuffle: false }, 4)).flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is the same whatever the prefetch, and resumes in the middle', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async ({ length, batchSize, shuffle, prefetch }, at) => {
        fc.pre(batchSize <= length);
        const whole = await epochOf(length, { batchSize, shuffle, prefetch: 0 });
        expect(await epochOf(length, { batchSize, shuffle, prefetch })).toEqual(whole);
        const firstStep = at % (whole.length + 1);
        expect(await epochOf(length, { batchSize, shuffle, prefetch }, 0, firstStep)).toEqual(whole.slice(firstStep));
      }),
    );
  });

  it('shares an epoch among ranks without overlap, in equal numbers of full batches', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ length, batchSize, worldSize, shuffle }) => {
        fc.pre(batchSize * worldSize <= length);
        const ranks = await Promise.all(
          Array.from({ length: worldSize }, (_, rank) => epochOf(length, { batchSize, worldSize, rank, shuffle })),
        );
        const steps = Math.floor(Math.floor(length / worldSize) / batchSize);
        for (const batches of ranks) expect(batches.map((batch) => batch.length)).toEqual(new Array(steps).fill(batchSize));
        const all = ranks.flat(2);
        expect(new Set(all).size).toBe(all.length);
        // together, step by step, the ranks read what one rank with the joint batch reads
        const alone = await epochOf(length, { batchSize: batchSize * worldSize, shuffle });
        for (let step = 0; step < Math.min(steps, alone.length); step++)
          expect(ranks.flatMap((batches) => batches[step]!).sort()).toEqual([...alone[step]!].sort());
      }),
    );
  });

  it('covers every image without dropLast, with as many steps on each rank', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ length, batchSize, worldSize, shuffle }) => {
        const options = { batchSize, worldSize, shuffle, dropLast: false };
        const ranks = await Promise.all(Array.from({ length: worldSize }, (_, rank) => epochOf(length, { ...options, rank })));
        expect(new Set(ranks.flat(2))).toEqual(new Set(Array.from({ length }, (_, i) => i)));
        expect(ranks.flat(2).length - length).toBeLessThan(worldSize);
        expect(new Set(ranks.map((batches) => batches.length)).size).toBe(1);
      }),
    );
  });

  it('says what to do about a batch that is too large, and about other options', () => {
    expect(() => createLoader(numbered(10), { batchSize: 11, rng })).toThrow(
      'createLoader: `batchSize` must be at most 10, the number of images in "numbered", got 11; use a smaller batch or more images',
    );
    expect(() => createLoader(numbered(10), { batchSize: 6, rng, worldSize: 2 })).toThrow(
      'at most 5, the number of images in "numbered" for each of 2 ranks',
    );
    expect(createLoader(numbered(10), { batchSize: 11, rng, dropLast: false }).stepsPerEpoch).toBe(1);
    expect(() => createLoader(numbered(0), { batchSize: 1, rng })).toThrow('has no images');
    expect(() => createLoader(numbered(4), { batchSize: 0, rng })).toThrow('`batchSize` must be an integer >= 1, got 0');
    expect(() => createLoader(numbered(4), { batchSize: 1, rng, rank: 2, worldSize: 2 })).toThrow(
      '`rank` must be an integer from 0 to 1, got 2',
    );
    expect(() => createLoader(numbered(4), { batchSize: 1, rng, prefetch: -1 })).toThrow('`prefetch`');
    expect(() => createLoader(numbered(4), { batchSize: 1, rng }).epoch(0, { firstStep: 5 })).toThrow(
      '`firstStep` must be an integer from 0 to 4, got 5',
    );
    expect(() => createLoader(numbered(4), { batchSize: 1, rng }).epoch(-1)).toThrow('`epoch`');
  });
});

/** A data set whose reads are counted, take a turn of the event loop, and fail from the given one on. */
function watched(length: number, failAt = Infinity) {
  const inner = numbered(length);
  const log = { started: 0, running: 0, most: 0 };
  const dataset: ImageDataset = {
    ...inner,
    async read(indices) {
      const turn = log.started++;
      log.most = Math.max(log.most, ++log.running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.running--;
      if (turn >= failAt) throw new Error(`read ${turn} failed`);
      return inner.read(indices);
    },
  };
  return { dataset, log };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('reading ahead', () => {
  it.each([0, 1, 2, 5])('with prefetch %i keeps that many batches ready and no more', async (prefetch) => {
    const { dataset, log } = watched(40);
    let taken = 0;
    for await (const batch of createLoader(dataset, { batchSize: 2, rng, prefetch }).epoch(0)) {
      taken++;
      const ready = Math.min(20, taken + prefetch);
      await vi.waitFor(() => {
        expect(log.started).toBe(ready);
      });
      await settle();
      expect(log.started).toBe(ready);
      expect(batch.shape[0]).toBe(2);
      if (taken === 8) break;
    }
    expect(log.most).toBe(1);
  });

  it('stops when the consumer leaves', async () => {
    const { dataset, log } = watched(40);
    for await (const batch of createLoader(dataset, { batchSize: 1, rng, prefetch: 3 }).epoch(0)) {
      expect(batch.shape[0]).toBe(1);
      break;
    }
    expect(log.running).toBe(0);
    const { started } = log;
    await settle();
    expect(log.started).toBe(started);
    expect(started).toBeLessThanOrEqual(4);
  });

  it('fails at the batch that failed and reads no further', async () => {
    const { dataset, log } = watched(40, 3);
    let taken = 0;
    const run = async () => {
      for await (const batch of createLoader(dataset, { batchSize: 1, rng, prefetch: 4 }).epoch(0)) taken += batch.shape[0];
    };
    await expect(run()).rejects.toThrow('read 3 failed');
    expect(taken).toBe(3);
    await settle();
    expect(log.started).toBe(4);
  });

  it('fails when not one image of a batch can be decoded', async () => {
    const none: ImageDataset = { ...numbered(4), read: () => numbered(4).read([]) };
    await expect(collect(createLoader(none, { batchSize: 2, rng }).epoch(0))).rejects.toThrow('not one of the 2 images of a batch');
  });

  it('measures the time of reading', async () => {
    const loader = createLoader(watched(4).dataset, { batchSize: 1, rng });
    expect(loader.secondsReading).toBe(0);
    await collect(loader.epoch(0));
    expect(loader.secondsReading).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from 'vitest';
import { arrayImages } from './array-images.ts';
import { channelStatistics } from './channel-statistics.ts';
import type { ImageDataset } from './image-dataset.ts';
import { subset, takeFirst } from './subset.ts';
import { toImages } from './to-images.ts';

const pixels = Uint8Array.from({ length: 5 * 2 * 1 * 3 }, (_, i) => i * 8);
const five = arrayImages(pixels, [5, 2, 1, 3], { name: 'five', labels: [0, 1, 0, 1, 2], classNames: ['a', 'b', 'c'] });

/** Gives every row but those of image 2, as a data set with a broken file does. */
const withoutTwo: ImageDataset = {
  ...five,
  read: (indices) => five.read(Array.from(indices).filter((index) => index !== 2)),
};

describe('arrayImages', () => {
  it('reads rows in any order, with repeats', async () => {
    const rows = await five.read([4, 0, 4]);
    expect(rows.shape).toEqual([3, 2, 1, 3]);
    expect([...rows.indices]).toEqual([4, 0, 4]);
    expect([...rows.pixels]).toEqual([...pixels.subarray(24), ...pixels.subarray(0, 6), ...pixels.subarray(24)]);
    expect((await five.read([])).shape).toEqual([0, 2, 1, 3]);
  });

  it('refuses what does not fit', () => {
    expect(() => arrayImages(pixels, [5, 2, 2, 3])).toThrow('`pixels` must have 60 bytes for shape [5, 2, 2, 3], got 30');
    expect(() => arrayImages(pixels, [5, 2, 3, 0])).toThrow(
      '`shape` must be [n, height, width, channels], channels >= 1, got [5, 2, 3, 0]',
    );
    expect(() => arrayImages(pixels, [5, 2, 1, 3], { labels: [1] })).toThrow('one label per image (5), got 1');
    expect(() => arrayImages(pixels, [5, 2, 1, 3], { labels: [0, 0, 0, 0, 2], classNames: ['a', 'b'] })).toThrow(
      '`labels[4]` must be an integer from 0 to 1',
    );
    expect(() => five.read([0, 5])).toThrow('five.read: `indices[1]` must be an integer from 0 to 4 (there are 5 images), got 5');
    expect(() => five.read([-1])).toThrow('got -1');
    expect(() => five.read([0.5])).toThrow('got 0.5');
  });
});

describe('subset and takeFirst', () => {
  it('renumbers images and labels', async () => {
    const odd = subset(five, [3, 1]);
    expect([...odd.labels!]).toEqual([1, 1]);
    const rows = await odd.read([1, 0]);
    expect([...rows.indices]).toEqual([1, 0]);
    expect([...rows.pixels]).toEqual([...pixels.subarray(6, 12), ...pixels.subarray(18, 24)]);
    expect([...(await subset(subset(five, [4, 3, 2]), [2]).read([0])).pixels]).toEqual([...pixels.subarray(12, 18)]);
    expect(takeFirst(five, 2).length).toBe(2);
    expect(takeFirst(five, 9)).toBe(five);
    expect(() => subset(five, [5])).toThrow('subset: `indices[0]`');
    expect(() => takeFirst(five, -1)).toThrow('takeFirst: `count` must be an integer >= 0, got -1');
  });

  it('says which rows are missing', async () => {
    const rows = await subset(withoutTwo, [2, 4, 2, 0]).read([0, 1, 2, 3, 1]);
    expect([...rows.indices]).toEqual([1, 3, 1]);
  });
});

describe('toImages', () => {
  it('divides bytes by 255', async () => {
    const rows = await five.read([1]);
    const images = toImages(rows);
    expect(images.shape).toEqual([1, 2, 1, 3]);
    expect([...images.dataSync()]).toEqual([...rows.pixels].map((byte) => Math.fround(byte / 255)));
    images.dispose();
    expect(() => toImages({ pixels: new Uint8Array(5), shape: [1, 2, 1, 3] })).toThrow('toImages: `pixels` must have 6 bytes');
  });
});

describe('channelStatistics', () => {
  it('agrees with the definition', async () => {
    const { mean, std } = await channelStatistics(five);
    for (const channel of [0, 1, 2]) {
      const values = [...pixels].filter((_, i) => i % 3 === channel).map((byte) => byte / 255);
      const average = values.reduce((a, b) => a + b) / values.length;
      expect(mean[channel]).toBeCloseTo(average, 12);
      expect(std[channel]).toBeCloseTo(Math.sqrt(values.reduce((sum, v) => sum + (v - average) ** 2, 0) / values.length), 12);
    }
  });

  it('samples evenly, and skips what cannot be read', async () => {
    expect(await channelStatistics(five, { sample: 2 })).toEqual(await channelStatistics(subset(five, [0, 2])));
    expect(await channelStatistics(withoutTwo)).toEqual(await channelStatistics(subset(five, [0, 1, 3, 4])));
    await expect(channelStatistics(subset(withoutTwo, [2]))).rejects.toThrow('has no image that can be read');
    await expect(channelStatistics(five, { sample: 0 })).rejects.toThrow('`sample` must be an integer >= 1, got 0');
  });
});

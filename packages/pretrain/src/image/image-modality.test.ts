import { createRng, drawPermutation } from '@selfsup/core';
import { arrayImages, channelStatistics, shapes, subset, type ImageDataset } from '@selfsup/data';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { gray } from '../../fixtures/gray-images.ts';
import type { InputDescription } from '../encoder-recipe.ts';
import type { OpenContext, SamplesRequest } from '../modality.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { settingsSchema } from '../settings.ts';
import { memoryImages, shapesImages } from './array-openers.ts';
import { imageModality } from './image-modality.ts';
import { simclrTask } from './recipes/simclr.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function contextOf(more: Partial<OpenContext> = {}): OpenContext {
  return {
    progress: silentProgress,
    async openDataset<D>(data: unknown, options: Parameters<OpenContext['openDataset']>[1]) {
      const opener = data === 'shapes' ? shapesImages : memoryImages;
      expect(opener.accepts(data)).toBe(true);
      return (await opener.open(data, options)) as D;
    },
    ...more,
  };
}

const settings = settingsSchema.parse({ task: 'simclr', encoder: 'conv-net', batchSize: 8, learningRate: 0.1, weightDecay: 0, seed: 3 });
const open = (data: unknown, given: { limit?: number; testLimit?: number } = {}, context = contextOf(), options = {}) =>
  imageModality.open({ data, options, settings: { ...settings, ...given }, recipe: simclrTask }, context);

const labeled = (n: number) => ({
  images: gray(n),
  shape: [n, 4, 4, 1] as const,
  labels: Array.from({ length: n }, (_, i) => i % 2),
  name: 'gray',
});

it.each([0, 1, 2])('knows large images again by all channels: %i', async (channel) => {
  const side = 64;
  const images = (value: number) => Uint8Array.from({ length: 2 * side * side * 3 }, (_, i) => (i % 3 === channel ? value : 7));
  const contentOf = async (value: number) => (await open({ images: images(value), shape: [2, side, side, 3] as const })).content;
  expect(await contentOf(1)).toBe(await contentOf(1));
  expect(await contentOf(2)).not.toBe(await contentOf(1));
});

describe('opening images', () => {
  it('holds out labeled images by the seed, and measures the others', async () => {
    const data = await open(labeled(20));
    expect([data.name, data.unit, data.train.length, data.test?.length, data.testFrom]).toEqual(['gray', 'images', 16, 4, 'held out']);
    const all = arrayImages(gray(20), [20, 4, 4, 1]);
    const order = drawPermutation(createRng(3).fold('hold out'), 20);
    const train = subset(all, order.slice(4).sort());
    expect((await data.test!.read([0, 1, 2, 3])).pixels).toEqual((await all.read(order.slice(0, 4).sort())).pixels);
    const { mean, std } = await channelStatistics(train);
    expect(data.input).toEqual({ size: 4, height: 4, width: 4, channels: 1, mean, std });
    expect(data.fingerprint).toEqual({ images: 16, height: 4, width: 4, channels: 1 });
    expect(data.facts?.['decodeImagesPerSecond']).toBeGreaterThan(0);
    expect(data.skipped()).toEqual([]);
  });

  it('keeps the test part that there is, and limits both', async () => {
    const data = await open(
      { ...labeled(20), test: { images: gray(6), shape: [6, 4, 4, 1], labels: [0, 0, 1, 1, 0, 1] } },
      { limit: 10, testLimit: 3 },
    );
    expect([data.train.length, data.test?.length, data.testFrom]).toEqual([10, 3, 'own part']);
  });

  it('takes images that are not square', async () => {
    const data = await open({ images: gray(2), shape: [1, 8, 4, 1] });
    expect([data.input.height, data.input.width, data.input.size, data.fingerprint['width']]).toEqual([8, 4, 4, 4]);
  });

  it('has no test part without labels', async () => {
    const data = await open({ images: gray(5), shape: [5, 4, 4, 1] });
    expect([data.name, data.train.length, data.test]).toEqual(['array', 5, undefined]);
  });

  it('takes mean and deviation from an earlier session', async () => {
    const input: InputDescription = { size: 4, channels: 1, mean: [0.25], std: [0.125] };
    expect((await open(labeled(20), {}, contextOf({ earlier: { input, files: {} } }))).input).toEqual({ ...input, height: 4, width: 4 });
  });

  it('never has a deviation of 0', async () => {
    expect((await open({ images: new Uint8Array(64), shape: [4, 4, 4, 1] })).input.std).toEqual([1e-3]);
  });

  it('opens made-up shapes of a size, and data sets of any kind', async () => {
    const made = await open('shapes', { limit: 30, testLimit: 10 }, contextOf(), { imageSize: 16 });
    expect([made.name, made.train.length, made.test?.length, made.input.size, made.testFrom]).toEqual(['shapes', 30, 10, 16, 'own part']);
    expect((await made.train.read([4])).pixels).toEqual((await shapes({ count: 30, seed: 3, size: 16 }).read([4])).pixels);
    const train = shapes({ count: 10, seed: 0, size: 8 });
    expect((await open({ train, test: train })).test?.length).toBe(10);
    expect((await open(train)).train.length).toBe(8);
  });

  it('shows how far it is, and names the first images that were skipped', async () => {
    const said: string[] = [];
    const progress: Progress = {
      stage: (name, { total, unit }) => ({
        update: (done) => said.push(`${name} ${done} of ${total} ${unit}`),
        end: () => said.push('end'),
      }),
      line: () => undefined,
      warn: (text) => said.push(text),
    };
    const skipped = Array.from({ length: 7 }, (_, i) => ({ path: `${i}.png`, reason: 'broken' }));
    const openDataset = <D>() => Promise.resolve({ train: shapes({ count: 10, seed: 0, size: 8 }), skipped: () => skipped } as D);
    const data = await imageModality.open({ data: 'photos', options: {}, settings, recipe: simclrTask }, { progress, openDataset });
    expect(data.skipped()).toEqual(skipped);
    expect(said).toEqual([
      ...Array.from({ length: 5 }, (_, i) => `skipped ${i}.png: broken`),
      'skipped 2 more; the result names them all',
      'Reading images 8 of 10 images',
      'Reading images 10 of 10 images',
      'end',
    ]);
  });

  it.each<[unknown, object, string]>([
    [{ images: [0, 300, 0, 0], shape: [1, 2, 2, 1] }, {}, 'array: `images` must be integers from 0 to 255, got 300 at 1'],
    [labeled(4), { imageSize: 8 }, '`imageSize` must be left out for gray, whose images have a side of 4, got 8'],
    ['shapes', { imageSize: '16x24' }, 'shapes are square and have 3 channels, got 16x24 and 3'],
    [labeled(4), { channels: 3 }, '`channels` must be left out for gray, whose images have 1, got 3'],
    ['shapes', { labels: 'labels.idx' }, 'a file of labels is for files of images; shapes has its labels with it'],
  ])('says what is wrong: %#', async (data, options, message) => {
    await expect(open(data, {}, contextOf(), options)).rejects.toThrow(message);
  });
});

describe('opening samples for an encoder', () => {
  const input = { size: 4, channels: 1, mean: [0.5], std: [0.25] };
  const samples = (request: Partial<SamplesRequest>) =>
    imageModality.openSamples({ data: labeled(20), options: {}, seed: 3, testFraction: 0.2, input, ...request }, contextOf());

  it('splits them as a run does', async () => {
    const [found, data] = [await samples({}), await open(labeled(20))];
    expect([found.name, found.unit, found.train.length]).toEqual(['gray', 'images', 16]);
    expect(found.test?.labels).toEqual(data.test?.labels);
  });

  it('takes all of the data for training where the test data is other data', async () => {
    const testData = { images: gray(4), shape: [4, 4, 4, 1], labels: [1, 1, 0, 0] };
    const found = await samples({ testData, testLimit: 3 });
    expect([found.train.length, found.test?.length, Array.from(found.test!.labels!)]).toEqual([20, 3, [1, 1, 0]]);
  });

  it('translates the classes of test data, or refuses those that are unknown', async () => {
    const data = { ...labeled(4), classNames: ['cat', 'dog'] };
    const other = (classNames: string[]) => ({ images: gray(2), shape: [2, 4, 4, 1], labels: [0, 1], classNames, name: 'other' });
    const found = await samples({ data, testData: other(['dog', 'cat']) });
    expect(Array.from(found.test!.labels!)).toEqual([1, 0]);
    expect(found.test!.classNames).toEqual(['cat', 'dog']);
    await expect(samples({ data, testData: other(['dog', 'eel']) })).rejects.toThrow(
      "other has the class 'eel', which is not one of cat, dog",
    );
  });

  it('brings back what an opener held out, where the test data is other data', async () => {
    const [train, test] = [arrayImages(gray(4), [4, 4, 4, 1]), arrayImages(gray(3), [3, 4, 4, 1])];
    const openDataset = <D>(data: unknown) =>
      Promise.resolve((data === 'a' ? { train, test, testFrom: 'held out' } : { train: test }) as D);
    const request = { options: {}, seed: 0, testFraction: 0.2, input };
    const found = await imageModality.openSamples({ ...request, data: 'a', testData: 'b' }, { progress: silentProgress, openDataset });
    expect([found.train.length, found.test?.length]).toEqual([7, 3]);
    const { indices, pixels } = await (found.train as ImageDataset).read([5, 0, 6]);
    expect(Array.from(indices)).toEqual([5, 0, 6]);
    expect(Array.from(pixels)).toEqual([1, 0, 2].flatMap((row) => Array.from(gray(3).subarray(16 * row, 16 * row + 16))));
  });

  it.each<[Partial<SamplesRequest>, string]>([
    [{ input: { ...input, channels: 3 } }, 'the encoder of this run takes images of 4x4x3, gray has 4x4x1'],
    [{ input: { ...input, size: 8 } }, '`imageSize` must be left out for gray, whose images have a side of 4, got 8'],
    [{ input: { length: 128 } }, 'the encoder does not take images: `input.size` of run.json'],
  ])('refuses what it does not take: %#', async (request, message) => {
    await expect(samples(request)).rejects.toThrow(message);
  });
});

it.each([
  ['shapes', 'shapes'],
  ['some/photos/', 'photos'],
  ['C:\\data\\train.idx.gz', 'train'],
  [{ name: 'mnist' }, 'mnist'],
  [{ images: [] }, 'data'],
  ['/', 'data'],
])('%j is called %s', (data, name) => {
  expect(imageModality.nameOf!(data)).toBe(name);
});

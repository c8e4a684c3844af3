import { createRng, drawPermutation, type Batch } from '@selfsup/core';
import { arrayImages, channelStatistics, shapes, subset, type ImageDataset } from '@selfsup/data';
import { fineTune } from '@selfsup/evaluate';
import { decode } from 'fast-png';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import type { InputDescription } from '../encoder-recipe.ts';
import type { EncodeOptions, OpenContext, SamplesRequest } from '../modality.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { settingsSchema } from '../settings.ts';
import { memoryImages, shapesImages } from './array-openers.ts';
import { rawPixels } from './encode-images.ts';
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

const gray = (n: number, side = 4) => Uint8Array.from({ length: n * side * side }, (_, i) => (i * 37) % 251);
const labeled = (n: number) => ({
  images: gray(n),
  shape: [n, 4, 4, 1] as const,
  labels: Array.from({ length: n }, (_, i) => i % 2),
  name: 'gray',
});

/** A data set of which some images cannot be decoded. */
function withBroken(broken: readonly number[], n = 6): ImageDataset {
  const whole = arrayImages(gray(n), [n, 4, 4, 1], { name: 'broken', labels: Array.from({ length: n }, (_, i) => i % 3) });
  return {
    ...whole,
    read: (indices) =>
      subset(
        whole,
        Array.from({ length: n }, (_, i) => i),
      ).read(Array.from(indices).filter((i) => !broken.includes(i))),
  };
}

describe('opening images', () => {
  it('holds out labeled images by the seed, and measures the others', async () => {
    const data = await open(labeled(20));
    expect([data.name, data.unit, data.train.length, data.test?.length, data.testFrom]).toEqual(['gray', 'images', 16, 4, 'held out']);
    const all = arrayImages(gray(20), [20, 4, 4, 1]);
    const order = drawPermutation(createRng(3).fold('hold out'), 20);
    const train = subset(all, order.slice(4).sort());
    expect((await data.test!.read([0, 1, 2, 3])).pixels).toEqual((await all.read(order.slice(0, 4).sort())).pixels);
    const { mean, std } = await channelStatistics(train);
    expect(data.input).toEqual({ size: 4, channels: 1, mean, std });
    expect(data.fingerprint).toEqual({ images: 16, size: 4, channels: 1 });
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

  it('has no test part without labels', async () => {
    const data = await open({ images: gray(5), shape: [5, 4, 4, 1] });
    expect([data.name, data.train.length, data.test]).toEqual(['array', 5, undefined]);
  });

  it('takes mean and deviation from an earlier session', async () => {
    const input: InputDescription = { size: 4, channels: 1, mean: [0.25], std: [0.125] };
    expect((await open(labeled(20), {}, contextOf({ earlier: { input, files: {} } }))).input).toEqual(input);
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
    [{ images: gray(2), shape: [1, 8, 4, 1] }, {}, 'array has images of 8x4 pixels; the views are square'],
    [{ images: [0, 300, 0, 0], shape: [1, 2, 2, 1] }, {}, 'array: `images` must be integers from 0 to 255, got 300 at 1'],
    [labeled(4), { imageSize: 8 }, '`imageSize` must be left out for gray, whose images have a side of 4, got 8'],
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

const encoding: EncodeOptions = {
  input: { size: 4, channels: 1, mean: [0.5], std: [0.25] },
  files: {},
  progress: silentProgress,
  stage: 'Encoding',
};

describe('encoding images', () => {
  it('gives normalized pixels, of some images in the order asked for', async () => {
    const dataset = arrayImages(gray(6), [6, 4, 4, 1]);
    const features = await imageModality.encode(rawPixels, dataset, { ...encoding, indices: [4, 1] });
    expect([features.shape, Array.from(features.indices)]).toEqual([[2, 16], [4, 1]]); // prettier-ignore
    const expected = [4, 1].flatMap((row) => Array.from(gray(6).subarray(16 * row, 16 * row + 16), (byte) => (byte / 255 - 0.5) / 0.25));
    features.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });

  it('leaves out what cannot be decoded', async () => {
    const features = await imageModality.encode(rawPixels, withBroken([2]), encoding);
    expect([features.shape[0], Array.from(features.indices)]).toEqual([5, [0, 1, 3, 4, 5]]);
  });

  it('compares large images by means of blocks', async () => {
    const dataset = arrayImages(new Uint8Array(128 * 128).fill(128), [1, 128, 128, 1]);
    expect((await imageModality.encode(rawPixels, dataset, encoding)).shape).toEqual([1, 64 * 64]);
  });

  it('stops at a signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(imageModality.encode(rawPixels, withBroken([]), { ...encoding, signal })).rejects.toThrow('enough');
  });

  it('encodes two views of each image, always the same, and none where the task has no two of one size', async () => {
    const mirrored = (pixels: { shape: readonly number[] }, rng: { fold(tag: string): object }): Batch => {
      const noise = tf.randomNormal<tf.Rank.R4>([pixels.shape[0]!, 4, 4, 1], 0, 1, 'float32', 5);
      expect(rng.fold('x')).toBeDefined();
      return { views: [noise, tf.neg(noise)] };
    };
    const prepare = (raw: unknown, { rng }: { rng: { fold(tag: string): object } }) => mirrored(raw as { shape: readonly number[] }, rng);
    const views = await imageModality.encodeViews!(rawPixels, withBroken([1]), { ...encoding, prepare, seed: 0 });
    expect(views!.map(({ shape }) => shape)).toEqual([[5, 16], [5, 16]]); // prettier-ignore
    expect(Array.from(views![1].data)).toEqual(Array.from(views![0].data, (value) => -value));
    const single = (): Batch => ({ images: tf.zeros([6, 4, 4, 1]) });
    expect(await imageModality.encodeViews!(rawPixels, withBroken([]), { ...encoding, prepare: single, seed: 0 })).toBeUndefined();
  });
});

describe('fine-tuning', () => {
  it('reads labeled images batch by batch, without those that are broken', async () => {
    const examples = await imageModality.fineTuning!.examples(withBroken([1]), encoding);
    expect([Array.from(examples.labels), examples.numClasses]).toEqual([[0, 2, 0, 1, 2], 3]);
    const batch = (await examples.read(Int32Array.of(1, 0))) as tf.Tensor4D;
    expect(batch.shape).toEqual([2, 4, 4, 1]);
    expect(batch.dataSync()[0]).toBeCloseTo((gray(6)[32]! / 255 - 0.5) / 0.25, 5);
    batch.dispose();
  });

  it('learns what there is to learn', async () => {
    const images = Uint8Array.from({ length: 16 * 16 }, (_, i) => (Math.floor(i / 16) % 2 === 0 ? 10 : 240));
    const dataset = arrayImages(images, [16, 4, 4, 1], { labels: Array.from({ length: 16 }, (_, i) => i % 2) });
    const train = await imageModality.fineTuning!.examples(dataset, encoding);
    const encoder = imageModality.fineTuning!.encoder(rawPixels);
    const { accuracy } = await fineTune({ encoder, train, test: train, epochs: 20, learningRate: 0.05 });
    expect(accuracy).toBe(1);
  });

  it('needs labels', async () => {
    const dataset = arrayImages(gray(2), [2, 4, 4, 1], { name: 'bare' });
    await expect(imageModality.fineTuning!.examples(dataset, encoding)).rejects.toThrow('bare has no labels to fine-tune with');
  });
});

describe('showing images', () => {
  const pictureOf = (uri: string) =>
    decode(Uint8Array.from(atob(uri.replace(/^data:image\/png;base64,/, '')), (letter) => letter.charCodeAt(0)));

  it('enlarges small ones without smoothing', async () => {
    const [second, first, again] = await imageModality.show!(
      arrayImages(Uint8Array.of(0, 255, 255, 0, 7, 7, 7, 7), [2, 2, 2, 1]),
      [1, 0, 1],
    );
    expect(second).toEqual(again);
    const { width, height, channels, data } = pictureOf(first!.image!);
    expect([width, height, channels]).toEqual([40, 40, 3]);
    const at = (x: number, y: number) => Array.from(data.subarray((y * 40 + x) * 3, (y * 40 + x) * 3 + 3));
    expect([at(0, 0), at(19, 19), at(20, 19), at(39, 0), at(0, 20), at(39, 39)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [255, 255, 255],
      [255, 255, 255],
      [255, 255, 255],
      [0, 0, 0],
    ]);
  });

  it('shrinks large ones to means', async () => {
    const side = 60;
    const pixels = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i % 3 === 0 ? (Math.floor(i / 3) % 2) * 100 : 200)); // columns of red 0 and 100
    const [item] = await imageModality.show!(arrayImages(pixels, [1, side, side, 3]), [0]);
    const { data } = pictureOf(item!.image!);
    expect(Array.from(data.subarray(0, 9))).toEqual([33, 200, 200, 33, 200, 200, 67, 200, 200]); // 1.5 columns each: 0 and half of 100, the other half and 0, 100 and half of 0
  });

  it('says so where an image cannot be read', async () => {
    expect(await imageModality.show!(withBroken([2]), [2])).toEqual([{ text: 'cannot be read' }]);
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

import type { Batch } from '@selfsup/core';
import { arrayImages } from '@selfsup/data';
import { fineTune } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { gray, withBroken } from '../../fixtures/gray-images.ts';
import type { EncodeOptions } from '../modality.ts';
import { silentProgress } from '../progress.ts';
import { encodeBatchOf, rawPixels } from './encode-images.ts';
import { imageModality } from './image-modality.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const encoding: EncodeOptions = {
  input: { size: 4, channels: 1, mean: [0.5], std: [0.25] },
  files: {},
  progress: silentProgress,
  stage: 'Encoding',
};

describe('encoding images', () => {
  it('takes fewer images at once where they are large, for the same memory', () => {
    const batches = [4, 64, 128, 224, 4096].map((side) => encodeBatchOf({ height: side, width: side }));
    expect(batches).toEqual([250, 250, 62, 20, 1]);
  });

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
    await expect(imageModality.fineTuning!.examples(dataset, encoding)).rejects.toThrow('there are no labels to fine-tune with in bare');
  });
});

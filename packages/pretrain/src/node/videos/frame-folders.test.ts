import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@selfsup/core';
import { convNet } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePhotos, writeVideos } from '../../../fixtures/write-pictures.ts';
import type { BuildContext, OpenContext, SamplesRequest } from '../../modality.ts';
import { parseOptions } from '../../option-schema.ts';
import { silentProgress } from '../../progress.ts';
import { createRegistry } from '../../registry.ts';
import { settingsSchema } from '../../settings.ts';
import { frameOrderTask } from '../../video/frame-order.ts';
import { videoModality, type VideoOptions, type VideoRunData } from '../../video/video-modality.ts';
import { videoPlugin } from '../../video/video-plugin.ts';
import { imageFilesPlugin } from '../image-files-plugin.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-videos-'));
const videos = join(root, 'videos');
const { datasets } = createRegistry([videoPlugin, imageFilesPlugin]);

beforeAll(async () => {
  await tf.setBackend('cpu');
  await writeVideos(videos, 5);
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const context: OpenContext = {
  progress: silentProgress,
  async openDataset<D>(data: unknown, options: Parameters<OpenContext['openDataset']>[1]) {
    for (const opener of datasets)
      if (opener.modality === 'video' && (await opener.accepts(data))) return (await opener.open(data, options)) as D;
    throw new Error('nothing opens it');
  },
};

const settings = settingsSchema.parse({ task: 'frame-order', encoder: 'conv-net', batchSize: 8, learningRate: 0.1, weightDecay: 0 });
const optionsOf = (given: object) => parseOptions(videoModality.options, { imageSize: 16, ...given }, { who: 'video' });
const open = (data: unknown, given: object = {}) =>
  videoModality.open({ data, options: optionsOf(given), settings, recipe: frameOrderTask }, context);

function buildContext(data: VideoRunData, options: VideoOptions): BuildContext<VideoRunData, VideoOptions> {
  const backbone = convNet({ channels: 3, widths: [4] });
  return { data, settings, options, recipe: frameOrderTask, taskOptions: {}, backbone, stepsPerEpoch: 1, totalSteps: 1, functions: {} };
}

describe('videos in folders of frames', () => {
  it('are opened as clips to learn from, and a still of each to measure by', async () => {
    const data = await open(videos, { clipLength: 3, frameStride: [1, 2] });
    expect([data.unit, data.train.length, data.test?.length, data.testFrom, data.skipped()]).toEqual(['videos', 8, 2, 'held out', []]); // a fifth is held out
    expect(data.fingerprint).toEqual({ videos: 8, size: 16, channels: 3 });
    expect([data.clips.clipLength, data.train.classNames]).toEqual([3, ['down', 'right']]);
    expect(data.train.ids?.map((path) => path.slice(-5))).toEqual(Array<string>(8).fill('2.png'));
    expect(videoModality.throughput?.(data, settings)).toEqual({ unit: 'images', perSample: 3 });
  });

  it('are cut and mirrored alike in all frames of a clip, keep their order, and are standardized', async () => {
    const data = await open(videos);
    const still = { ...data, input: { ...data.input, mean: [0, 0, 0], std: [0.5, 0.25, 1] } };
    const options = optionsOf({});
    const prepare = videoModality.prepare(buildContext(still, options));
    const source = videoModality.createSource(data, { batchSize: 8, rng: createRng(0).fold('loader'), rank: 0, worldSize: 1 });
    expect(source.stepsPerEpoch).toBe(1);
    for await (const clips of source.epoch(0)) {
      const first = clips.pixels.subarray(0, 16 * 16 * 3);
      const frozen = Uint8Array.from(clips.pixels, (_value, i) => first[i % first.length]!); // one frame everywhere
      const dimmed = frozen.map((value, i) => value >> (Math.floor(i / first.length) % 4)); // each frame half as bright as the one before
      tf.tidy(() => {
        const { frames } = prepare({ ...clips, pixels: dimmed }, { rng: createRng(0), step: 0, epoch: 0 }) as { frames: tf.Tensor5D };
        expect(frames.shape).toEqual([8, 4, 16, 16, 3]);
        const [one, two, three] = tf.unstack(frames, 1) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
        const difference = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
        expect(difference(one, tf.mul(two, 2))).toBeLessThan(0.04); // a byte loses its last bit, and one of four is 4/255
        expect(difference(two, tf.mul(three, 2))).toBeLessThan(0.04);
        const [red, green, blue] = tf.unstack(one, 3) as [tf.Tensor, tf.Tensor, tf.Tensor]; // gray, divided by each channel's std
        expect(difference(tf.mul(red, 2), green)).toBeLessThan(1e-5);
        expect(difference(red, tf.mul(blue, 2))).toBeLessThan(1e-5);
        const views = tf.unstack(one) as [tf.Tensor, tf.Tensor];
        expect(difference(views[0], views[1])).toBeGreaterThan(0.1); // each clip has a view of its own
      });
    }
  });

  it('are videos again for the encoder of a run, and images where the data is other data', async () => {
    const { input } = await open(videos);
    const request: SamplesRequest<VideoOptions> = { data: videos, options: optionsOf({}), seed: 0, testFraction: 0.2, input };
    const own = await videoModality.openSamples({ ...request, own: true }, context);
    expect([own.unit, own.train.length, own.test?.length]).toEqual(['videos', 8, 2]);
    await writePhotos(join(root, 'photos'), ['cat'], 6);
    const photos = await videoModality.openSamples({ ...request, data: join(root, 'photos', 'cat') }, context);
    expect([photos.unit, photos.train.length, photos.test]).toEqual(['images', 6, undefined]);
    const frames = await videoModality.openSamples({ ...request, data: join(videos, 'right') }, context);
    expect(frames.train.length + (frames.test?.length ?? 0)).toBe(25);
    const shapes = await videoModality.openSamples({ ...request, data: 'shapes', limit: 10, testLimit: 5 }, context);
    expect([shapes.train.length, shapes.test?.length]).toEqual([10, 5]);
  });
});

describe('what is wrong with videos', () => {
  it.each<[unknown, object, string]>([
    [
      'shapes',
      {},
      'tasks on videos need clips, and these are images; give a folder of videos, each a file such as .mp4 or a folder of frames',
    ],
    [
      join(root, 'nowhere'),
      {},
      'openVideos: videos must be in a folder, as files such as .mp4 or .webm, or each in a folder of its own with its frames',
    ],
    [join(videos, 'right', 'v0'), {}, '0.png must lie in the folder of its video'],
    [videos, { clipLength: 6 }, 'a video must have at least 6 frames, but not one of the 8 videos of videos has'],
    [videos, { clipLength: 1 }, 'video: `clipLength` must be an integer in [2, 64], got 1'],
    [videos, { frameStride: [3, 1] }, '`frameStride` must be an integer >= 1, or the least and the greatest, got [3, 1]'],
  ])('%j %j', async (data, given, message) => {
    await expect((async () => open(data, given))()).rejects.toThrow(message);
  });

  it('a recipe of two views', async () => {
    const [data, options] = [await open(videos), optionsOf({ recipe: 'byol' })];
    expect(() => videoModality.prepare(buildContext(data, options))).toThrow(
      'the task frame-order takes one view, the recipe byol makes 2',
    );
  });
});

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@selfsup/core';
import { readNpy } from '@selfsup/data/node';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { runEmbed } from './commands/run-embed.ts';
import { runReport } from './commands/run-report.ts';
import { runTrain } from './commands/run-train.ts';
import { writeVideos } from '../fixtures/write-videos.ts';
import { openData } from './open-data.ts';
import { settingsOf, type RunConfig } from './options/define-run.ts';
import { resolveSettings } from './options/run-settings.ts';
import { createJsonOutput } from './output/json-output.ts';
import { createLearningRun } from './training/learning-run.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-videos-'));
const videos = join(root, 'videos');
const silent = createJsonOutput({ stdout: { write: () => 0 }, stderr: { write: () => 0 } });
const flags: RunConfig = {
  ...{ data: videos, task: 'frame-order', encoderOptions: { widths: [4, 8] }, imageSize: 16, backend: 'wasm' },
  ...{ epochs: 1, batchSize: 8, knnEvery: 0, report: false },
};

/** The JSON lines of a command. */
async function events(command: (output: typeof silent) => Promise<number>): Promise<Record<string, unknown>[]> {
  let text = '';
  const stdout = { write: (part: string) => (text += part) };
  expect(await command(createJsonOutput({ stdout, stderr: { write: () => 0 } }))).toBe(0);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
const train = (given: RunConfig) => events((output) => runTrain({ ...flags, ...given }, { configFile: undefined, output }));

beforeAll(async () => {
  await writeVideos(videos, { perClass: 5 });
});

describe('a run on videos', () => {
  it('keeps its clips when it is resumed, embeds a still of each video, and is reported', async () => {
    const out = join(root, 'run');
    const result = (await train({ clipLength: 3, frameStride: [1, 2], out })).at(-1)!;
    expect(result).toMatchObject({ steps: 1, trainImages: 8, testImages: 2, skipped: [] }); // a fifth is held out
    expect(result['knnTrained']).toBeGreaterThanOrEqual(0);
    const { settings } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { settings: object };
    expect(settings).toMatchObject({ clipLength: 3, frameStride: [1, 2] });
    const resumed: RunConfig = { resume: true, out, report: false, backend: 'wasm', clipLength: 4 };
    await expect(runTrain(resumed, { configFile: undefined, output: silent })).rejects.toThrow(
      'this run was trained with --clip-length 3, got 4',
    );

    const file = join(root, 'run.npy');
    await events((output) => runEmbed({ run: out, out: file, backend: 'wasm' }, output));
    const index = JSON.parse(readFileSync(join(root, 'run.index.json'), 'utf8')) as { classNames: string[]; rows: { path: string }[] };
    expect(index.classNames).toEqual(['down', 'right']);
    expect(index.rows.map(({ path }) => path.slice(-5))).toEqual(Array<string>(10).fill('2.png'));
    expect(new Set(index.rows.map(({ path }) => path)).size).toBe(10);

    await events((output) => runEmbed({ run: out, data: join(videos, 'right'), out: file, backend: 'wasm' }, output)); // other data is of images
    expect((await readNpy(file)).shape).toEqual([25, 8]);

    await events((output) => runReport({ run: out, backend: 'wasm' }, output));
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('frame-order');
  });

  it('learns from videos without classes, and measures no kNN then', async () => {
    const result = (await train({ data: join(videos, 'right'), batchSize: 5, out: join(root, 'unlabeled') })).at(-1)!;
    expect(result).toMatchObject({ steps: 1, trainImages: 5, testImages: 0 });
    expect('knnTrained' in result).toBe(false);
  });

  it('is a folder of photos for a task on images', async () => {
    const result = (await train({ task: 'rotation', limit: 16, out: join(root, 'photos') })).at(-1)!;
    expect(result).toMatchObject({ task: 'rotation', steps: 2, trainImages: 16 });
  });

  it('cuts and mirrors all frames of a clip alike, keeps their order, and standardizes each', async () => {
    const settings = resolveSettings(settingsOf(flags));
    const data = await openData(settings, silent);
    const still = { ...data, clips: data.clips!, mean: [0, 0, 0], std: [0.5, 0.25, 1] };
    const run = createLearningRun(settings, { data: still, config: {} });
    for await (const clips of run.loader.epoch(0)) {
      const first = clips.pixels.subarray(0, 16 * 16 * 3);
      const frozen = Uint8Array.from(clips.pixels, (_value, i) => first[i % first.length]!); // one frame everywhere
      const dimmed = frozen.map((value, i) => value >> (Math.floor(i / first.length) % 4)); // each frame half as bright as the one before
      tf.tidy(() => {
        const batch = run.prepare({ ...clips, pixels: dimmed }, { rng: createRng(0), step: 0, epoch: 0 }) as { frames: tf.Tensor5D };
        expect(batch.frames.shape).toEqual([8, 4, 16, 16, 3]);
        const [one, two, three] = tf.unstack(batch.frames, 1) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
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
    run.trainer.dispose();
  });
});

describe('what is wrong with videos', () => {
  it.each<[RunConfig, string]>([
    [{ data: 'shapes' }, 'openVideos: videos must be in a folder, each in a folder of its own with its frames, but shapes is not there'],
    [{ data: join(videos, 'right', 'v0') }, '0.png must lie in the folder of its video'],
    [{ clipLength: 6 }, 'a video must have at least 6 frames, but not one of the 8 folders of videos has'],
    [{ batchSize: 16 }, '--batch-size 16 is larger than the 8 training videos of'],
    [{ clipLength: 7 }, '--clip-length must be an integer from 3 to 6, got 7'],
    [{ frameStride: [3, 1] }, '--frame-stride must be an integer >= 1, or the least and the greatest such as 1-3, got [3,1]'],
    [{ task: 'simclr', frameStride: 2 }, '--frame-stride is for tasks on videos: frame-order'],
    [{ recipe: 'byol' }, '--task frame-order takes one view, --recipe byol makes 2'],
  ])('%j', async (given, message) => {
    const all = { ...flags, out: join(root, 'wrong'), ...given };
    await expect(runTrain(all, { configFile: undefined, output: silent })).rejects.toThrow(message);
  });
});

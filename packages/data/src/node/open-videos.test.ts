import { createRng } from '@selfsup/core';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageDataset } from '../image-dataset.ts';
import { openVideos } from './open-videos.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-videos-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function put(path: string, shade: number): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  const picture = sharp({ create: { width: 4, height: 4, channels: 3, background: { r: shade, g: shade, b: shade } } });
  await writeFile(join(root, path), await picture.png().toBuffer());
}
/** A video whose frame k has the gray value `from` + k. */
async function video(folder: string, count: number, from: number): Promise<void> {
  for (let k = 0; k < count; k++) await put(`${folder}/${k}.png`, from + k);
}
const shadesOf = async (images: ImageDataset) => {
  const { pixels, shape } = await images.read(Array.from({ length: images.length }, (_, i) => i));
  return Array.from({ length: shape[0] }, (_, i) => pixels[i * shape[1] * shape[2] * 3]);
};
const options = { imageSize: 4, clipLength: 3 };

describe('openVideos', () => {
  it('holds out a fifth of the videos of each class, whole', async () => {
    for (const [label, name] of ['run', 'jump'].entries())
      for (let i = 0; i < 5; i++) await video(`${name}/v${i}`, 5, 100 * label + 10 * i);
    const { train, test, skipped } = await openVideos(root, { ...options, seed: 1 });
    expect([train.length, test?.length, skipped]).toEqual([8, 2, []]);
    expect([train.stills.classNames, test?.stills.classNames]).toEqual([
      ['jump', 'run'],
      ['jump', 'run'],
    ]);
    expect([...train.stills.labels!]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect([...test!.stills.labels!]).toEqual([0, 1]);
    const stills = [...(await shadesOf(train.stills)), ...(await shadesOf(test!.stills))];
    expect(stills.sort((a, b) => a! - b!)).toEqual([2, 12, 22, 32, 42, 102, 112, 122, 132, 142]); // the third of five
    expect(train.stills.paths[0]).toBe(join(train.paths[0]!, '2.png'));
    const { pixels } = await train.readClips([0], createRng(0));
    expect(pixels[3 * 16]! - pixels[0]!).toBe(1);
  });

  it('takes the test part of the folder, limits, and counts the progress over both', async () => {
    for (const part of ['train', 'test']) for (const name of ['a/x', 'a/y', 'b/x', 'b/y']) await video(`${part}/${name}`, 3, 10);
    const told: string[] = [];
    const { train, test } = await openVideos(root, {
      ...options,
      limit: 3,
      testLimit: 2,
      onProgress: ({ done, total }) => told.push(`${done}/${total}`),
    });
    expect([train.paths, test!.paths].map((paths) => paths.map((path) => path.slice(root.length + 1)))).toEqual([
      ['train/a/x', 'train/a/y', 'train/b/x'],
      ['test/a/x', 'test/b/x'],
    ]);
    expect(told).toHaveLength(15);
    expect(told.at(-1)).toBe('15/15');
  });

  it('has no classes and no test part where the folder holds the videos themselves', async () => {
    await video('x', 3, 10);
    await video('y', 2, 50);
    const { train, test, skipped } = await openVideos(root, options);
    expect([train.length, train.stills.labels, test]).toEqual([1, undefined, undefined]);
    expect(skipped).toEqual([{ path: join(root, 'y'), reason: 'has 2 frames, and a clip needs 3' }]);
  });

  it('says what is wrong', async () => {
    await expect(openVideos('shapes', options)).rejects.toThrow('each in a folder of its own with its frames, but shapes is not there');
    await expect(openVideos(root, options)).rejects.toThrow(
      `there are no videos in ${root}; a video is a file such as .mp4 or .webm, or a folder of frames`,
    );
    await put('photo.png', 1);
    await video('x', 3, 10);
    await expect(openVideos(join(root, 'photo.png'), options)).rejects.toThrow('photo.png is a file of another kind');
    await expect(openVideos(root, options)).rejects.toThrow('photo.png must lie in the folder of its video');
    await expect(openVideos(root, { clipLength: 1 })).rejects.toThrow('openVideos: `clipLength` must be an integer >= 2, got 1');
    await expect(openVideos(root, { limit: 0 })).rejects.toThrow('openVideos: `limit` must be an integer >= 1, got 0');
  });
});

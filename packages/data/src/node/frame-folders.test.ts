import { createRng } from '@selfsup/core';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClipLoader } from '../create-clip-loader.ts';
import { toFrames } from '../to-frames.ts';
import type { ClipPixels } from '../video-dataset.ts';
import { frameFolders } from './frame-folders.ts';
import type { SkippedImage } from './photo-images.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-frames-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function put(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
/** A video whose frame k has the gray value `from` + k. */
async function video(folder: string, count: number, from: number): Promise<void> {
  for (let k = 0; k < count; k++) {
    const shade = from + k;
    const picture = sharp({ create: { width: 6, height: 4, channels: 3, background: { r: shade, g: shade, b: shade } } });
    await put(`${folder}/frame${k}.png`, await picture.png().toBuffer());
  }
}
/** The gray value of each frame of each clip. */
const shadesOf = ({ pixels, shape: [n, length, height, width] }: ClipPixels) =>
  Array.from({ length: n }, (_, i) => Array.from({ length }, (_, k) => pixels[(i * length + k) * height * width * 3]!));

describe('frameFolders', () => {
  it('reads clips of frames in natural order, with each stride and start', async () => {
    await video('run/b', 12, 100); // frame10 after frame9
    await video('jump', 5, 10);
    const videos = await frameFolders(root, { imageSize: 4, clipLength: 3, stride: [2, 4] });
    expect(videos).toMatchObject({ length: 2, clipLength: 3, height: 4, width: 4, channels: 3, frameCounts: [5, 12], skipped: [] });
    expect(videos.paths).toEqual([join(root, 'jump'), join(root, 'run', 'b')]);
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const clips = await videos.readClips([1, 0, 1], createRng(seed));
      expect(clips.shape).toEqual([3, 3, 4, 4, 3]);
      expect([...clips.indices]).toEqual([1, 0, 1]);
      const [long, short, again] = shadesOf(clips);
      expect(again).toEqual(long);
      expect(short).toEqual([10, 12, 14]); // nothing else fits
      const stride = long![1]! - long![0]!;
      expect(long![2]! - long![1]!).toBe(stride);
      expect(long![0]! >= 100 && long![2]! <= 111 && stride >= 2 && stride <= 4).toBe(true);
      seen.add(`${stride} from ${long![0]! - 100}`);
    }
    expect(seen.size).toBe(8 + 6 + 4);
  });

  it('leaves out and names short videos and broken frames', async () => {
    await video('good', 6, 10);
    await put('good/frame2.png', 'no picture');
    await video('short', 3, 50);
    const told: SkippedImage[] = [];
    const videos = await frameFolders(root, { imageSize: 4, onSkip: (skip) => told.push(skip) });
    expect(videos).toMatchObject({ length: 1, frameCounts: [5] });
    expect(videos.skipped.map(({ path }) => path)).toEqual([join(root, 'good', 'frame2.png'), join(root, 'short')]);
    expect(videos.skipped[1]!.reason).toBe('has 3 frames, and a clip needs 4');
    expect(told).toEqual(videos.skipped);
    await expect(frameFolders(root, { imageSize: 4, clipLength: 9 })).rejects.toThrow(
      'a video must have at least 9 frames, but not one of the 2 videos',
    );
  });

  it('leaves out a clip whose frame turns out to be broken only when it is read', async () => {
    await video('a', 2, 10);
    await video('b', 2, 50);
    await put('a/frame1.png', 'no picture');
    const videos = await frameFolders(root, { imageSize: 4, clipLength: 2, cacheBytes: 0 });
    const clips = await videos.readClips([0, 1, 0], createRng(0));
    expect(shadesOf(clips)).toEqual([[50, 51]]);
    expect([clips.shape[0], [...clips.indices]]).toEqual([1, [1]]);
  });

  it('refuses options that are out of range', async () => {
    await expect(frameFolders(root, { clipLength: 1 })).rejects.toThrow('`clipLength` must be an integer >= 2, got 1');
    await expect(frameFolders(root, { stride: [2, 1] })).rejects.toThrow('`stride` must be an integer >= 1 or [least, greatest]');
    await expect(frameFolders(join(root, 'none'))).rejects.toThrow('frameFolders: `path` must be a folder');
  });
});

describe('createClipLoader', () => {
  it('has another clip of each video in each epoch, the same when asked again', async () => {
    for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) await video(name, 30, 40 * i);
    const videos = await frameFolders(root, { imageSize: 4, clipLength: 3 });
    const loader = createClipLoader(videos, { batchSize: 2, rng: createRng(0) });
    expect([loader.stepsPerEpoch, loader.batchSize]).toEqual([2, 2]);
    const epoch = async (number: number, firstStep = 0) => {
      const shades: number[][] = [];
      for await (const clips of loader.epoch(number, { firstStep })) shades.push(...shadesOf(clips));
      return shades;
    };
    const first = await epoch(0);
    expect(first.map(([shade]) => Math.floor(shade! / 40)).sort()).toEqual([0, 1, 2, 3]);
    expect(await epoch(0)).toEqual(first);
    expect(await epoch(0, 1)).toEqual(first.slice(2));
    expect((await epoch(1)).flat().sort()).not.toEqual(first.flat().sort());
    expect(loader.secondsReading).toBeGreaterThan(0);
    expect(() => createClipLoader(videos, { batchSize: 5, rng: createRng(0) })).toThrow('the number of videos');
  });
});

describe('toFrames', () => {
  it('gives clips in [0, 1], and refuses bytes that do not fit', () => {
    const frames = toFrames({ pixels: Uint8Array.from({ length: 24 }, (_, i) => (i === 23 ? 255 : 0)), shape: [2, 3, 2, 2, 1] });
    expect(frames.shape).toEqual([2, 3, 2, 2, 1]);
    expect(frames.dataSync()[23]).toBe(1);
    frames.dispose();
    expect(() => toFrames({ pixels: new Uint8Array(5), shape: [2, 3, 2, 2, 1] })).toThrow('must have 24 bytes');
  });
});

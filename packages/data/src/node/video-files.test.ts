import { createRng } from '@selfsup/core';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ImageDataset } from '../image-dataset.ts';
import type { ClipPixels } from '../video-dataset.ts';
import { openVideos } from './open-videos.ts';
import { readVideoFiles } from './video-files.ts';

const found = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });
const codecs = ['libx264', 'libvpx'].filter((name) => (found.stdout ?? '').includes(` ${name} `));
const isThere = codecs.length === 2;
if (!isThere) console.log('video files are not tested: there is no ffmpeg with libx264 and libvpx on the PATH');

let root = '';
const at = (...names: string[]) => join(root, ...names);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-files-'));
});
afterEach(async () => {
  await rm(at('data'), { recursive: true, force: true });
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

/** A gray video whose second s has the shade 40 + 10 s, in the format of its name; made once. */
async function video(path: string, options: { seconds?: number; rate?: number } = {}): Promise<void> {
  const { seconds = 4, rate = 10 } = options;
  const made = at(`made-${seconds}-${rate}.${path.split('.').at(-1)!}`);
  const source = `color=black:s=32x16:r=${rate}:d=${seconds},format=gray,geq=lum='40+10*floor(T)'`;
  const codec = made.endsWith('webm') ? ['-c:v', 'libvpx', '-crf', '4', '-b:v', '1M'] : ['-c:v', 'libx264', '-qp', '1'];
  if (!(await readFile(made).catch(() => undefined)))
    spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, ...codec, '-pix_fmt', 'yuv420p', made]);
  await mkdir(dirname(at('data', path)), { recursive: true });
  await copyFile(made, at('data', path));
}
/** Which second of its video each frame is of. */
const secondsOf = ({ pixels, shape: [n, length, height, width] }: ClipPixels) =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length }, (_, k) => Math.round((pixels[(i * length + k) * height * width * 3]! - 40) / 10)),
  );
const stillsOf = async (stills: ImageDataset) => {
  const { pixels } = await stills.read(Array.from({ length: stills.length }, (_, i) => i));
  return secondsOf({ pixels, shape: [1, stills.length, 8, 8, 3], indices: Int32Array.of(0) })[0];
};
const options = { imageSize: 8, clipLength: 3, framesPerSecond: 1 };

describe.runIf(isThere)('video files', () => {
  it('are cut into frames of a rate, whatever their own is, beside folders of frames', async () => {
    await video('a.mp4');
    await video('b.webm', { seconds: 6, rate: 25 });
    for (let k = 0; k < 3; k++) {
      await mkdir(at('data', 'c'), { recursive: true });
      const gray = { r: 40 + 10 * k, g: 40 + 10 * k, b: 40 + 10 * k };
      await writeFile(at('data', 'c', `${k}.png`), await sharp({ create: { width: 9, height: 9, channels: 3, background: gray } }).png().toBuffer()); // prettier-ignore
    }
    const told: string[] = [];
    const { train, skipped } = await openVideos(at('data'), { ...options, onProgress: ({ done, total }) => told.push(`${done}/${total}`) });
    expect([train.frameCounts, skipped, told.at(-1)]).toEqual([[4, 6, 3], [], '5/5']);
    expect(train.paths).toEqual([at('data', 'a.mp4'), at('data', 'b.webm'), at('data', 'c')]);
    expect(train.stills.paths).toEqual([`${at('data', 'a.mp4')}#t=2`, `${at('data', 'b.webm')}#t=3`, at('data', 'c', '1.png')]);
    expect(await stillsOf(train.stills)).toEqual([2, 3, 1]);
    const starts = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const clips = await train.readClips([2, 1, 0], createRng(seed));
      const seconds = secondsOf(clips);
      expect(seconds.every(([first, second, third]) => second === first! + 1 && third === first! + 2)).toBe(true);
      expect([...clips.indices]).toEqual([2, 1, 0]);
      starts.add(seconds[1]![0]!);
    }
    expect([...starts].sort()).toEqual([0, 1, 2, 3]);
  });

  it('give several clips each, of parts of their own', async () => {
    await video('a.mp4', { seconds: 7 });
    await video('b.mp4', { seconds: 4 });
    const { train } = await openVideos(at('data'), { ...options, clipsPerVideo: 2 });
    expect(train.frameCounts).toEqual([3, 4, 4]); // the second has room for one
    expect(secondsOf(await train.readClips([0], createRng(0)))).toEqual([[0, 1, 2]]);
    expect(secondsOf(await train.readClips([1], createRng(0)))[0]![0]).toBeGreaterThanOrEqual(3);
    expect(await stillsOf(train.stills)).toEqual([1, 5, 2]);
    const one = await openVideos(at('data', 'a.mp4'), options); // a file alone
    expect([one.train.length, one.train.frameCounts]).toEqual([1, [7]]);
  });

  it('give the same bytes whether they are kept or decoded again', async () => {
    const paths = ['a.mp4', 'b.webm'];
    for (const path of paths) await video(path, { rate: 25 });
    const read = async (cacheBytes: number) => {
      const files = await readVideoFiles(paths.map((path) => at('data', path)), { imageSize: [8, 12], framesPerSecond: 5, cacheBytes }); // prettier-ignore
      expect(files.videos.map(({ frames }) => frames)).toEqual([20, 20]);
      return files.read([39, 0, 21, 0, 7]);
    };
    const kept = await read(2 ** 30);
    expect([kept.shape, [...kept.indices]]).toEqual([
      [5, 8, 12, 3],
      [39, 0, 21, 0, 7],
    ]);
    expect(await read(0)).toEqual(kept);
    expect(await read(8 * 12 * 3 * 15)).toEqual(kept); // some frames of each
  });

  it('are left out where they are damaged, named, and not read as lists of other files', async () => {
    await video('a.mp4');
    await video('broken.mp4');
    await truncate(at('data', 'broken.mp4'), 500);
    await writeFile(at('data', 'list.mp4'), `ffconcat version 1.0\nfile '${at('data', 'a.mp4')}'\n`);
    await writeFile(at('data', 'text.webm'), 'not a video');
    await video('short.mp4', { seconds: 2 });
    const { train, skipped } = await openVideos(at('data'), options);
    expect(train.paths).toEqual([at('data', 'a.mp4')]);
    expect(skipped.map(({ path }) => path.slice(at('data').length + 1))).toEqual(['broken.mp4', 'list.mp4', 'text.webm', 'short.mp4']);
    expect(skipped.at(-1)!.reason).toBe('has 2 frames, and a clip needs 3');
    expect(skipped.every(({ reason }) => reason.length > 5 && !reason.includes('\n'))).toBe(true);
    await rm(at('data', 'a.mp4'));
    await expect(openVideos(at('data'), options)).rejects.toThrow(
      'a video must have at least 3 frames, but not one of the 1 videos of data has',
    );
    await rm(at('data', 'short.mp4'));
    await expect(openVideos(at('data'), options)).rejects.toThrow(
      'not one of the 3 videos of data can be decoded, the first one because: ',
    );
  });

  it('that break later lose their clips, and not those of others', async () => {
    await video('a.mp4');
    await video('b.mp4');
    const { train, skipped } = await openVideos(at('data'), { ...options, cacheBytes: 0 });
    await truncate(at('data', 'a.mp4'), 500);
    const clips = await train.readClips([0, 1], createRng(0));
    expect([...clips.indices]).toEqual([1]);
    expect(train.skipped.map(({ path }) => path)).toEqual([at('data', 'a.mp4')]);
    expect(skipped).toEqual([]); // a list of its time
  });
});

describe('what is wrong with video files', () => {
  it('is said, with the cure', async () => {
    await mkdir(at('data'), { recursive: true });
    await writeFile(at('data', 'a.mp4'), 'anything');
    await expect(openVideos(at('data'), { ...options, ffmpeg: at('no-such-program') })).rejects.toThrow(
      /video files are decoded by the program .*no-such-program, which is not there; install it \(`apt install ffmpeg`.*or give each video as a folder of its frames/,
    );
    await expect(openVideos(at('data'), { framesPerSecond: 0 })).rejects.toThrow('`framesPerSecond` must be in (0, 1000], got 0');
    await expect(openVideos(at('data'), { clipsPerVideo: 0 })).rejects.toThrow('`clipsPerVideo` must be an integer >= 1, got 0');
    await expect(openVideos(at('data'), { channels: 1 })).rejects.toThrow('`channels` must be 3, those of video files, got 1');
  });
});

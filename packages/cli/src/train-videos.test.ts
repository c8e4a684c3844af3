import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNpy } from '@selfsup/data/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfsup, succeed } from '../fixtures/run-command.ts';
import { writeVideos } from '../fixtures/write-videos.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-videos-'));
const at = (name: string) => join(root, name);
const flags = [
  ...['--task', 'frame-order', '--data', at('videos')],
  ...'--encoder-option widths=[4,8] --image-size 16 --backend wasm --epochs 1 --batch-size 8 --probe-every 0 --no-report'.split(' '),
];
beforeAll(() => writeVideos(at('videos'), { perClass: 5 }));
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('a run on videos', () => {
  it('keeps its clips when it is resumed, embeds a still of each video, and is reported', async () => {
    const out = at('run');
    const { result } = await succeed('train', ...flags, '--clip-length', '3', '--frame-stride', '1,2', '--out', out);
    expect(result).toMatchObject({ modality: 'video', steps: 1, trainSamples: 8, testSamples: 2, skipped: [] }); // a fifth is held out
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({ options: { clipLength: 3, frameStride: [1, 2] } });
    const other = await selfsup('train', '--resume', '--out', out, '--clip-length', '4');
    expect(other.stderr).toContain('this run was trained with --clip-length 3, got 4');

    await succeed('embed', '--run', out, '--out', at('run.npy'), '--backend', 'wasm');
    const index = JSON.parse(readFileSync(at('run.index.json'), 'utf8')) as { rows: { file: string; label: string }[] };
    expect([...new Set(index.rows.map(({ label }) => label))].sort()).toEqual(['down', 'right']);
    expect(index.rows.map(({ file }) => file.slice(-5))).toEqual(Array<string>(10).fill('2.png'));
    expect(new Set(index.rows.map(({ file }) => file)).size).toBe(10);

    await succeed('embed', '--run', out, '--data', at('videos/right'), '--out', at('run.npy'), '--backend', 'wasm'); // other data is of images
    expect((await readNpy(at('run.npy'))).shape).toEqual([25, 8]);

    await succeed('report', '--run', out, '--backend', 'wasm');
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('frame-order');
  });

  it('learns from videos without classes, and measures no kNN then', async () => {
    const { result } = await succeed('train', ...flags, '--data', at('videos/right'), '--batch-size', '5', '--out', at('unlabeled'));
    expect(result).toMatchObject({ steps: 1, trainSamples: 5, testSamples: 0, probes: {} });
  });

  it('is a folder of photos for a task on images', async () => {
    const { result } = await succeed('train', ...flags, '--task', 'rotation', '--limit', '16', '--out', at('photos'));
    expect(result).toMatchObject({ task: 'rotation', modality: 'image', steps: 2, trainSamples: 16 });
  });
});

describe('what is wrong with videos', () => {
  it.each<[string[], RegExp]>([
    [['--data', 'shapes'], /videos must be in a folder, as files such as \.mp4 or \.webm, or each in a folder of its own with its frames/],
    [['--clip-length', '6'], /a video must have at least 6 frames, but not one of the 8 videos of videos has/],
    [
      ['--batch-size', '16'],
      /a batch of 16 is larger than the 8 training videos of .*; use a batch of 8 or less, or more videos, or more clips of each \(--clips-per-video\)/,
    ],
    [['--clip-length', '1'], /--clip-length must be an integer in \[2, 64\], got 1/],
    [['--clip-length', '2'], /--clip-length must be from 3 to 6 for frame-order, got 2/],
    [['--frame-stride', '3,1'], /--frame-stride must be an integer >= 1, or the least and the greatest, got \[3, 1\]/],
    [['--task', 'simclr', '--frame-stride', '2'], /--frame-stride is for videos; simclr learns from images/],
    [['--recipe', 'byol'], /takes one view/],
  ])('%j', async (given, message) => {
    const { code, stderr } = await selfsup('train', ...flags, '--out', at('wrong'), ...given);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

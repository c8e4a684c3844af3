import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captionedShapes } from '@selfsup/data';
import { readNpy } from '@selfsup/data/node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfsup, succeed } from '../fixtures/run-command.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-pairs-'));
const at = (name: string) => join(root, name);
const flags = [
  ...['--data', at('pairs.csv')],
  ...'--encoder-option widths=[4,8] --encoder-option projectionDim=6 --image-size 16 --vocabulary words --length 16'.split(' '),
  ...['--text-encoder-options', '{"numLayers": 1, "width": 8, "numHeads": 1}'],
  ...'--backend wasm --epochs 1 --batch-size 8 --probe-every 0 --no-report'.split(' '),
];
beforeAll(async () => {
  const dataset = captionedShapes({ count: 20, seed: 0, size: 16 });
  mkdirSync(at('images'));
  const { pixels } = await dataset.read(dataset.captions.map((_, i) => i));
  await Promise.all(
    dataset.captions.map((_, i) =>
      sharp(pixels.subarray(768 * i, 768 * (i + 1)), { raw: { width: 16, height: 16, channels: 3 } }).toFile(at(`images/${i}.png`)),
    ),
  );
  const rows = dataset.captions.map((caption, i) => `images/${i}.png,${caption},${dataset.classNames![i % 10]}`);
  writeFileSync(at('pairs.csv'), ['image,caption,label', ...rows].join('\n'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('a run on images with texts', () => {
  it('is begun for a table of pairs, resumed, embeds both, and finds images by texts', async () => {
    const out = at('run');
    const { result } = await succeed('train', ...flags, '--out', out);
    expect(result).toMatchObject({ task: 'clip', modality: 'image-text', steps: 2, trainSamples: 16, testSamples: 4, skipped: [] });
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
      encoder: { name: 'conv-net', prefix: 'image' },
      encoders: { text: { modality: 'text', encoder: { name: 'bert-tiny', prefix: 'text', options: { projectionDim: 6 } } } },
    });
    const resumed = await succeed('train', '--resume', '--out', out, '--epochs', '2', '--backend', 'wasm', '--no-report');
    expect(resumed.result).toMatchObject({ steps: 4 });
    writeFileSync(at('pairs.csv'), readFileSync(at('pairs.csv'), 'utf8').replaceAll('ground', 'floor'));
    const changed = await selfsup('train', '--resume', '--out', out, '--epochs', '3');
    expect(changed.stderr).toMatch(/the data has other captions than when this run was trained \(checksum \w+ then, \w+ now\)/);
    writeFileSync(at('pairs.csv'), readFileSync(at('pairs.csv'), 'utf8').replaceAll('floor', 'ground'));

    const run = ['--run', out, '--backend', 'wasm'];
    await succeed('embed', ...run, '--encoder', 'text', '--text', 'a red star', '--out', at('text.npy'));
    await succeed('embed', at('images'), ...run, '--out', at('images.npy'));
    expect([(await readNpy(at('text.npy'))).shape, (await readNpy(at('images.npy'))).shape]).toEqual([[1, 6], [20, 6]]); // prettier-ignore
    const found = await succeed('search', at('images'), ...run, '--text', 'a red star', '--query', at('images/3.png'), '--count', '2', '--report', at('found.html')); // prettier-ignore
    expect((found.result as unknown as { rows: { query: string; file: string }[] }).rows).toEqual([
      expect.objectContaining({ query: at('images/3.png'), rank: 1, file: at('images/3.png') }),
      expect.objectContaining({ query: at('images/3.png'), rank: 2 }),
      expect.objectContaining({ query: 'a red star', rank: 1, file: expect.stringContaining('images') as string }),
      expect.objectContaining({ query: 'a red star', rank: 2 }),
    ]);
    expect(readFileSync(at('found.html'), 'utf8')).toContain('a red star');

    const zeroShot = await succeed('evaluate', 'zero-shot', ...run, '--template', 'a {}');
    expect(zeroShot.result).toMatchObject({ command: 'evaluate zero-shot', classes: 10, templates: ['a {}'], images: 4 });
    const retrieval = await succeed('evaluate', 'cross-retrieval', ...run, '--data', at('pairs.csv'), '--baselines');
    expect(Object.keys((retrieval.result as unknown as { recall: object }).recall)).toEqual(['trained', 'untrained']);
  });

  it.each<[string, string[], RegExp]>([
    [
      'a column that is not there',
      ['train', ...flags, '--image-column', 'where', '--out', at('wrong')],
      /must have a column where, got image, caption, label; say which with --image-column/,
    ],
    [
      'an encoder of texts that is not known',
      ['train', ...flags, '--text-encoder', 'bert-teeny', '--out', at('wrong')],
      /unknown encoder of texts 'bert-teeny'/,
    ],
    [
      'an encoder that the run does not keep',
      ['embed', '--run', at('run'), '--encoder', 'sound', '--text', 'x', '--out', at('x.npy')],
      /there is no encoder 'sound' in this run; it keeps image, text/,
    ],
  ])('refuses %s', async (_, given, message) => {
    const { code, stderr } = await selfsup(...given);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

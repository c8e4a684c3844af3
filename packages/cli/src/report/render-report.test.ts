import { createRng, drawNormal } from '@selfsup/core';
import { shapes, type ImageDataset } from '@selfsup/data';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../options/run-settings.ts';
import type { Output } from '../output/output.ts';
import type { RunFile } from '../run-file.ts';
import type { MetricsRecord } from '../run-folder.ts';
import type { RunResult } from '../run-result.ts';
import { collectReport, type Encoded } from './collect-report.ts';
import { renderReport } from './render-report.ts';

const silent: Output = {
  json: false,
  event: () => undefined,
  line: () => undefined,
  warn: () => undefined,
  stage: () => ({ update: () => undefined, end: () => undefined }),
};
const settings = resolveSettings({ data: 'shapes', epochs: 2 });
const run: RunFile = {
  format: 1,
  selfsup: '0.1.0',
  settings,
  images: { size: 32, channels: 3, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] },
  dataset: { name: '<shapes> & more', train: 40, test: 20, heldOut: false },
  stepsPerEpoch: 2,
  totalSteps: 4,
  backend: 'wasm',
};
const result: RunResult = {
  type: 'result',
  task: 'simclr',
  dataset: 'shapes',
  encoder: 'conv-net',
  backend: 'wasm',
  epochs: 2,
  steps: 4,
  stoppedBy: 'end',
  seconds: 12,
  decodeImagesPerSecond: 1000,
  trainImages: 40,
  testImages: 20,
  loss: 4.5,
  knnRawPixels: 31.25,
  knnUntrained: 28.5,
  knnTrained: 57.75,
  skipped: [{ path: 'photos/broken.jpg', reason: 'no picture' }],
  checkpoint: 'ab'.repeat(32),
  run: 'runs/x',
};
const metrics: MetricsRecord[] = [1, 2, 3, 4].map((step) => ({
  type: 'step',
  step,
  epoch: step / 2,
  seconds: step,
  loss: 5 - step / 10,
  learningRate: 0.1,
}));
const knn: MetricsRecord[] = [0, 4].map((step) => ({ type: 'knn', step, epoch: step / 2, seconds: step, knn: 30 + step }));

function encoded(count: number, split: 'train' | 'test', labeled = true): Encoded {
  const { labels, classNames, ...rest } = shapes({ count, seed: 0, split });
  const dataset: ImageDataset = labeled ? { ...rest, ...(labels && { labels }), ...(classNames && { classNames }) } : rest;
  const data = drawNormal(createRng(1).fold(split), count * 8);
  return { dataset, features: { data, shape: [count, 8], indices: Int32Array.from({ length: count }, (_, i) => i) } };
}

describe('renderReport', () => {
  it('holds curves, map, neighbors, results, settings and skipped images, and asks nothing of the network', async () => {
    const data = await collectReport({
      run,
      metrics: [...metrics, ...knn],
      result,
      bank: encoded(40, 'train'),
      test: encoded(20, 'test'),
      output: silent,
    });
    const page = await renderReport(data);
    for (const title of [
      'Loss',
      'kNN accuracy',
      'Learning rate',
      'Map of the embeddings',
      'Nearest neighbors',
      'Results',
      'Settings',
      'Skipped images',
    ])
      expect(page.includes(title), 'text of the page').toBe(true);
    expect(page.match(/<svg /g)).toHaveLength(4);
    expect(page.match(/<path [^>]*fill="var\(--c\d\)"/g)).toHaveLength(20);
    expect(page.match(/src="data:image\/png;base64,/g)).toHaveLength(10 * 6);
    expect(page.includes('data:image/webp;base64,'), 'text of the page').toBe(true);
    for (const fact of ['57.8 %', '31.3 %', '28.5 %', 'photos/broken.jpg', 'no picture', 'ab'.repeat(32), 'ellipse'])
      expect(page.includes(fact), 'text of the page').toBe(true);
    expect(page.includes('&lt;shapes&gt; &amp; more'), 'text of the page').toBe(true);
    expect(/(src|href)="(?!data:)|@import|https?:\/\/(?!www\.w3\.org)/.exec(page)).toBeNull();
  });

  it('shows the health of the features, and alarms where everybody sees them', async () => {
    const measured: MetricsRecord[] = [0, 2, 4].map((step) => ({
      ...{ type: 'health', step, epoch: step / 2, seconds: step },
      ...{ rows: 20, dim: 8, std: 0.3, rank: 5 + step / 10, uniformity: -1.5, alignment: 0.4 },
    }));
    const alarm: MetricsRecord = {
      ...{ type: 'alarm', step: 3, epoch: 1.5, seconds: 3, kind: 'complete', metric: 'zStd', value: 0.00123456, threshold: 0.02 },
      ...{ likelyCause: 'no <stop-gradient>', advice: 'wait' },
    };
    const steps = metrics.map((record) => ({ ...record, zStd: 0.1, queueAge: 3 }));
    const page = async (records: MetricsRecord[]) =>
      renderReport(await collectReport({ run, metrics: records, result, bank: encoded(4, 'train'), output: silent }));
    const withAlarm = await page([...steps, ...measured, alarm]);
    const titles = [
      'Effective rank',
      'Deviation per dimension',
      'Uniformity',
      'Alignment',
      'Deviation of the embeddings',
      'Age of the queue',
    ];
    for (const title of ['Health of the features', 'Of 20 images, 8 dimensions', ...titles])
      expect(withAlarm.includes(title), title).toBe(true);
    const [box = ''] = /<section class="alarm" role="alert">[\s\S]*?<\/section>/.exec(withAlarm) ?? [];
    expect(
      box
        .replace(/<[^>]*>/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    ).toBe('An alarm was raised After update 3: zStd 0.00123, below 0.02 (complete). Likely: no &lt;stop-gradient&gt;. What helps: wait.');
    expect(withAlarm.match(/<svg /g)).toHaveLength(2 + 6);
    expect((await page([...steps, ...measured])).includes('role="alert"')).toBe(false);
    expect((await page(metrics)).includes('Health of the features')).toBe(false);
  });

  it('gives the same page twice', async () => {
    const page = async () =>
      renderReport(await collectReport({ run, metrics, result, bank: encoded(40, 'train'), test: encoded(20, 'test'), output: silent }));
    expect(await page()).toBe(await page());
  });

  it('works without labels and test images', async () => {
    const bare = Object.fromEntries(Object.entries(result).filter(([name]) => !name.startsWith('knn'))) as unknown as RunResult;
    const page = await renderReport(
      await collectReport({ run, metrics, result: { ...bare, skipped: [] }, bank: encoded(30, 'train', false), output: silent }),
    );
    expect(page.includes('30 training images'), 'text of the page').toBe(true);
    expect(page.includes('kNN accuracy')).toBe(false);
    expect(page.includes('Skipped images')).toBe(false);
    expect(page.match(/<path [^>]*fill="var\(--c\d\)"/g)).toHaveLength(30);
  });

  it('leaves the map out where there is next to nothing to show', async () => {
    const page = await renderReport(await collectReport({ run, metrics: [], result, bank: encoded(4, 'train'), output: silent }));
    expect(page.includes('Map of the embeddings')).toBe(false);
    expect(page.includes('Nearest neighbors'), 'text of the page').toBe(true);
  });
});

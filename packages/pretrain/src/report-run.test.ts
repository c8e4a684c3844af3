import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { builtinPlugins } from './builtins.ts';
import { pretrain } from './pretrain.ts';
import { createRegistry } from './registry.ts';
import { reportRun } from './report-run.ts';
import type { RunConfig } from './run-config.ts';
import { memoryStore } from './run-store.ts';
import { silentProgress } from './progress.ts';

const images = Uint8Array.from(drawUniform(createRng(3), 40 * 64, { min: 0, max: 255 })); // [40, 8, 8, 1]
const data = { images, shape: [40, 8, 8, 1] as const, labels: Array.from({ length: 40 }, (_, i) => i % 2) };
const config: RunConfig = { data, encoderOptions: { widths: [4, 8] }, epochs: 4, batchSize: 8, probeEvery: 1, backend: 'cpu' };
const registry = createRegistry([
  ...builtinPlugins,
  {
    name: 'what was in memory',
    datasets: [
      {
        name: 'again',
        modality: 'image',
        accepts: (source) => source === '(in memory)',
        open: (_, options) => builtinPlugins[0]!.datasets![0]!.open(data, options),
      },
    ],
  },
]);

it('shows what there is of a run that was stopped: curves, comparisons, neighbors, and that it is not finished', async () => {
  const store = memoryStore();
  const stop = new AbortController();
  for await (const event of pretrain(config, { store, signal: stop.signal })) if (event.type === 'epoch' && event.epoch === 2) stop.abort();
  expect(await store.list()).not.toContain('result.json');

  await selectBackend({ prefer: 'cpu' });
  const { numTensors } = tf.memory();
  const warnings: string[] = [];
  const progress = { ...silentProgress, warn: (text: string) => warnings.push(text) };
  const report = await reportRun(store, { registry, progress, more: [{ kind: 'numbers', title: 'Mine', numbers: [] }] });
  expect(tf.memory().numTensors).toBe(numTensors);
  const titles = report.sections.map((section) => ('title' in section ? section.title : section.kind));
  expect(titles).toEqual(expect.arrayContaining(['Training', 'Mine', 'Results', 'Settings']));
  const [verdict] = report.sections;
  expect(verdict).toMatchObject({ kind: 'notice', level: 'warning' });
  expect(verdict?.kind === 'notice' && verdict.lines.slice(0, 2)).toEqual([
    'This run is not finished: it stands after update 8 of 16.',
    expect.stringMatching(/^Pretraining .*kNN accuracy/),
  ]);
  const charts = report.sections.flatMap((section) => (section.kind === 'charts' ? section.charts : []));
  expect(charts.some(({ title }) => /kNN/.test(title))).toBe(true);

  const metrics = (await store.read('metrics.jsonl'))!;
  const lines = new TextDecoder().decode(metrics).trimEnd().split('\n');
  await store.write('metrics.jsonl', new TextEncoder().encode(`${lines.slice(0, 6).join('\n')}\n`));
  await expect(reportRun(store, { registry })).rejects.toThrow('is cut off: the checkpoint has seen 8 updates');
});

it('needs a run', async () => {
  await expect(reportRun(memoryStore('runs/x'), { registry })).rejects.toThrow('runs/x holds no run, so there is nothing to report');
});

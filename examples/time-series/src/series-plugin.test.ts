import { loadEncoder, pretrain, type RunConfig, type RunEvent } from '@selfsup/pretrain';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { makeRecordings } from './data/activities.ts';
import seriesPlugin, { composeSeries, jitter, type SeriesViews } from './index.ts';

const data = makeRecordings({ seed: 0, perActivity: 4, steps: 256 });
const config = { plugins: [seriesPlugin], data, windowLength: 64, batchSize: 16, epochs: 2, knnK: 5, encoderOptions: { widths: [8, 16] } };

async function train(more: RunConfig & { task: string }, report = false) {
  const events: RunEvent[] = [];
  for await (const event of pretrain({ ...config, ...more }, { report })) events.push(event);
  const find = <T extends RunEvent['type']>(type: T) => events.find((event) => event.type === type) as Extract<RunEvent, { type: T }>;
  return { start: find('start'), end: find('end'), losses: events.flatMap((event) => (event.type === 'epoch' ? [event.loss] : [])) };
}

describe('a run from data to encoder', () => {
  it.each(['series-simclr', 'masked-reconstruction'])('%s', async (task) => {
    const { start, end, losses } = await train({ task }, true);
    expect([start.modality, start.encoder, start.unit, start.train, start.test]).toEqual(['time-series', 'series-net', 'windows', 126, 42]);
    expect(losses[1]).toBeLessThan(losses[0]!);
    expect(Object.keys(end.result.probes['knn']!.baselines)).toEqual(['raw windows', 'untrained']);
    expect(end.result.health!['alignment'] === undefined).toBe(task !== 'series-simclr');
    const gallery = end.report!.sections.find(({ kind }) => kind === 'gallery')!;
    expect(JSON.stringify(gallery)).toContain('data:image/svg+xml;base64,');
    const encoder = await loadEncoder(end.encoder, { plugins: [seriesPlugin] });
    const { shape, data: features } = await encoder.embed(data);
    expect(shape).toEqual([168, 16]);
    expect(features.every(Number.isFinite)).toBe(true);
    encoder.dispose();
  });

  it('takes views of a config', async () => {
    let calls = 0;
    const views = (({ length, channels }) => {
      calls++;
      expect([length, channels]).toEqual([64, 3]);
      return composeSeries([jitter(0.1)]);
    }) satisfies SeriesViews;
    const { end } = await train({ task: 'series-simclr', epochs: 1, views });
    expect([calls, end.result.steps]).toEqual([1, 7]);
  });

  it('leaves no tensors', () => {
    expect(tf.memory().numTensors).toBe(0);
  });
});

describe('what a run refuses', () => {
  it.each<[object, string]>([
    [{ windowLength: 4 }, '`windowLength` must be an integer >= 8, got 4'],
    [{ windowLenght: 64 }, 'has no option `windowLenght`; did you mean `windowLength`?'],
    [{ batchSize: 500 }, '500 is larger than the 126 training windows of activities'],
    [{ task: 'masked-reconstruction', taskOptions: { spanLength: 10 } }, '`spanLength` must divide the 64 time steps of a window, got 10'],
    [{ encoder: 'resnet18' }, 'the encoder resnet18 does not fit the task series-simclr'],
  ])('%j', async (more, message) => {
    await expect(train({ task: 'series-simclr', ...more })).rejects.toThrow(message);
  });
});

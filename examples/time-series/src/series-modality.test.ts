import { modalityChecks } from '@selfsup/pretrain/testing';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRecordings } from './data/activities.ts';
import { seriesModality } from './series-modality.ts';
import { seriesPlugin } from './series-plugin.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const data = makeRecordings({ seed: 0, perActivity: 2, steps: 64 });
const [first] = data.recordings;

describe.each(['series-simclr', 'masked-reconstruction'])('the modality with %s', (task) => {
  const checks = modalityChecks({
    modality: seriesModality,
    plugins: [seriesPlugin],
    data,
    run: { task, windowLength: 32, batchSize: 8, epochs: 2, knnK: 3, encoderOptions: { widths: [4, 8] } },
    badData: {
      'no recordings': { channelNames: ['x'], recordings: [] },
      'recordings shorter than a window': { ...data, recordings: [{ ...first!, values: first!.values.subarray(0, 30) }] },
      'half a time step': { ...data, recordings: [{ ...first!, values: first!.values.subarray(0, 100) }] },
      'numbers that are not finite': { ...data, recordings: [{ ...first!, values: first!.values.map(() => NaN) }] },
      'a number': 7,
    },
  });
  it.each(checks.map(({ name, run }) => [name, run] as const))('%s', async (_name, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { backbone, channels, predictionHead, projectionHead, size } from '../fixtures/tiny-networks.ts';
import { nnclr } from './nnclr.ts';

interface Fixture {
  meta: { torch: string };
  rate: number;
  queueSize: number;
  outputDim: number;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  batches: number[][][];
  runs: Readonly<Record<string, { temperature: number; steps: (ReferenceStep & { neighborSimilarity: number })[] }>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/nnclr.json', import.meta.url), 'utf8')) as Fixture;

it.each(Object.entries(fixture.runs))(`takes three training steps as PyTorch ${fixture.meta.torch} does: %s`, async (_, run) => {
  const { queueSize, outputDim, rate, start } = fixture;
  const { temperature, steps } = run;
  const task = nnclr({ backbone, projectionHead, predictionHead, queueSize, outputDim, temperature });
  // it stands before the prediction head's batch norm alone, neighbors carry no gradient
  const frozen = (path: string) => path === 'projectionHead/linear/bias';
  const metrics = await checkSteps({ task, rate, start, steps, frozen }, (step) => ({
    views: fixture.batches[step]!.map((values) => tf.tensor4d(values, [values.length / (size * size * channels), size, size, channels])),
  }));
  steps.forEach(({ neighborSimilarity }, step) => {
    expect(metrics[step]!['neighborSimilarity']).toBeCloseTo(neighborSimilarity, 5);
  });
});

import { createRng } from '@selfsup/core';
import { expect, test } from 'vitest';
import normFixture from '../fixtures/projection-head-batch-norm.json' with { type: 'json' };
import fixture from '../fixtures/projection-head.json' with { type: 'json' };
import { compareWithFixture } from './parity/compare-with-fixture.ts';
import { projectionHead } from './projection-head.ts';

const normalized = { inputDim: 256, hiddenDim: 128, outputDim: 32, numLayers: 3, batchNorm: true, batchNormLast: true };
test.each([
  ['of two layers', fixture, projectionHead({ inputDim: 512, hiddenDim: 256, outputDim: 64 })],
  ['of three layers with batch norm', normFixture, projectionHead(normalized)],
] as const)('a projection head %s equals PyTorch: outputs, running statistics, all gradients', async (_, expected, factory) => {
  const head = factory(createRng(0));
  const deviations = await compareWithFixture(head, expected);
  for (const [path, deviation] of Object.entries(deviations)) expect(deviation, path).toBeLessThan(1e-4);
  head.dispose();
});

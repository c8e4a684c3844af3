import { createRng } from '@selfsup/core';
import { expect, test } from 'vitest';
import fixture from '../fixtures/pyramid.json' with { type: 'json' };
import flipFixture from '../fixtures/pyramid-flip.json' with { type: 'json' };
import { convNet } from './conv-net.ts';
import { compareWithFixture } from './parity/compare-with-fixture.ts';
import { pyramid } from './pyramid.ts';

const network = convNet({ widths: [8, 12, 16], kernelSizes: [5, 3, 3], downsampling: 'pool' });
const levels = [
  { layer: 'layer1', grid: 5 },
  { layer: 'layer2', grid: 4 },
  { layer: 'layer3', grid: 3 },
  { layer: 'layer3', grid: 1 },
];

test.each([
  ['a power of 0.8', fixture, { levels, power: 0.8 }],
  ['mirror images', flipFixture, { levels, power: 1, flip: true }],
])('a ConvNet with pooling, read by a pyramid, equals PyTorch: %s', async (_, expected, options) => {
  const encoder = network(createRng(0));
  const deviations = await compareWithFixture(pyramid(encoder, options), expected);
  for (const [path, deviation] of Object.entries(deviations)) expect(deviation, path).toBeLessThan(1e-4);
  encoder.dispose();
});

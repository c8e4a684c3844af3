import { createRng } from '@selfsup/core';
import { expect, test } from 'vitest';
import groupFixture from '../fixtures/conv-net-group-norm.json' with { type: 'json' };
import fixture from '../fixtures/conv-net.json' with { type: 'json' };
import { convNet } from './conv-net.ts';
import { compareWithFixture } from './parity/compare-with-fixture.ts';

test.each([
  ['batch norm', fixture, convNet()],
  ['group norm, odd sides', groupFixture, convNet({ channels: 1, widths: [16, 32, 64], norm: 'group', numGroups: 8 })],
] as const)('a ConvNet with %s equals PyTorch: outputs, running statistics, all gradients', async (_, expected, factory) => {
  const encoder = factory(createRng(0));
  const deviations = await compareWithFixture(encoder, expected);
  for (const [path, deviation] of Object.entries(deviations)) expect(deviation, path).toBeLessThan(1e-4);
  encoder.dispose();
});

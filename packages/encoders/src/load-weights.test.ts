import { createRng } from '@selfsup/core';
import { expect, test } from 'vitest';
import { convNet } from './conv-net.ts';
import { loadWeights } from './load-weights.ts';
import { saveWeights } from './save-weights.ts';

const build = (seed: number) => convNet({ widths: [4, 8] })(createRng(seed));

test('what was saved can be loaded, bit for bit, and is a copy on both ways', async () => {
  const [a, b] = [build(0), build(1)];
  const weights = await saveWeights(a);
  loadWeights(b, weights);
  expect(await saveWeights(b)).toEqual(weights);
  const kept = weights['conv1/kernel']!.data.slice();
  weights['conv1/kernel']!.data.fill(0);
  expect((await saveWeights(a))['conv1/kernel']!.data).toEqual(kept);
  expect((await saveWeights(b))['conv1/kernel']!.data).toEqual(kept);
  a.dispose();
  b.dispose();
});

test('weights that do not fit are refused and change nothing', async () => {
  const encoder = build(0);
  const weights = await saveWeights(encoder);
  const lacking = Object.fromEntries(Object.entries(weights).filter(([path]) => path !== 'norm1/mean'));
  const kernel = weights['conv1/kernel']!;
  expect(() => {
    loadWeights(encoder, lacking);
  }).toThrow('loadWeights: `weights` lacks `norm1/mean`');
  expect(() => {
    loadWeights(encoder, { ...weights, 'fc/kernel': kernel });
  }).toThrow('loadWeights: `weights` has `fc/kernel`, which the module does not have');
  expect(() => {
    loadWeights(encoder, { ...weights, 'conv1/kernel': { ...kernel, shape: [3, 3, 4, 3] } });
  }).toThrow('loadWeights: `conv1/kernel` must have shape [3, 3, 3, 4], got [3, 3, 4, 3]');
  expect(await saveWeights(encoder)).toEqual(weights);
  encoder.dispose();
});

import { createRng, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { kaimingNormal } from './layers/initializers.ts';
import { normLayer } from './layers/norm.ts';
import { hashedValues } from './parity/hashed-values.ts';
import { residualBlock } from './residual-block.ts';
import { resnet18, resnet34, resnet50 } from './resnet.ts';

const norm = normLayer('test', {});

test('ResNet-34 has the published number of parameters, the documented paths and zero scales where asked for', async () => {
  const encoder = resnet34({ zeroInitLastNorm: true })(createRng(0));
  expect(Object.values(encoder.trainable).reduce((sum, variable) => sum + variable.size, 0)).toBe(21_284_672);
  expect(Object.keys(encoder.trainable)).toEqual(
    expect.arrayContaining(['stem/conv/kernel', 'stem/norm/offset', 'stage1/block1/conv1/kernel', 'stage4/block1/downsample/conv/kernel']),
  );
  expect(Object.keys(encoder.trainable).some((path) => path.startsWith('stage1/') && path.includes('downsample'))).toBe(false);
  for (const [path, variable] of Object.entries(encoder.trainable))
    if (path.endsWith('/scale'))
      expect(new Set(await variable.data()), path).toEqual(new Set([/block\d+\/norm2\/scale$/.test(path) ? 0 : 1]));
  encoder.dispose();
}, 120_000);

test('a block whose last scale is zero starts as its shortcut', async () => {
  const block = residualBlock({ kind: 'bottleneck', inChannels: 16, width: 4, stride: 1, norm, zeroInitLastNorm: true })(createRng(0));
  const x = tf.tidy(() => tf.abs(tf.tensor4d(hashedValues(0, 'x', 2 * 4 * 4 * 16), [2, 4, 4, 16])));
  const y = block.apply(x, { training: true });
  expect(await y.data()).toEqual(await x.data());
  tf.dispose([x, y]);
  block.dispose();
});

test('kaimingNormal has mean 0 and variance 2 / fanOut', () => {
  const values = kaimingNormal(createRng(0), 100_000, { fanIn: 7, fanOut: 50 });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(0.04 / values.length));
  expect(Math.abs(variance / 0.04 - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
});

test.each([
  ['stem', () => resnet18({ stem: 'tiny' as 'cifar' }), 'resnet18: `stem` must be one of cifar, imagenet, got tiny'],
  ['norm', () => resnet50({ norm: 'layer' as 'group' }), 'resnet50: `norm` must be one of batch, split-batch, group, got layer'],
  ['channels', () => resnet34({ channels: 0 }), 'resnet34: `channels` must be an integer >= 1, got 0'],
  ['momentum', () => resnet18({ momentum: 1.5 }), 'batchNorm: `momentum` must be in [0, 1], got 1.5'],
  ['epsilon', () => resnet18({ epsilon: 0 }), 'batchNorm: `epsilon` must be > 0, got 0'],
])('a wrong `%s` is refused', (_, build, message) => {
  const failure: unknown = (() => {
    try {
      return build();
    } catch (error) {
      return error;
    }
  })();
  expect(isSelfsupError(failure) && `${failure.code} ${failure.message}`).toBe(`SELFSUP_OPTION ${message}`);
});

import { readFileSync } from 'node:fs';
import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { vit, type VitOptions, type VitSize } from './vit.ts';

interface Fixture {
  meta: { versions: string };
  vit: VitOptions & VitSize & { imageSize: number; channels: number };
  images: number[];
  keep: number[];
  mask: number[];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  cases: Readonly<
    Record<string, { shape: number[]; output: number[]; cotangent: number[]; gradients: Readonly<Record<string, number[]>> }>
  >;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/vit.json', import.meta.url), 'utf8')) as Fixture;
const { imageSize, channels } = fixture.vit;
const n = fixture.images.length / (imageSize * imageSize * channels);

/** The largest difference as a part of the largest value; that of a key's bias is rounding noise: a constant added to all scores changes nothing. */
const distance = (actual: ArrayLike<number>, expected: readonly number[], path = '') => {
  expect(actual.length).toBe(expected.length);
  const largest = path.endsWith('key/bias') ? 1 : Math.max(...expected.map(Math.abs));
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i]! - value) / largest), 0);
};

it.each<[string, VitOptions]>([
  ['class-token', {}],
  ['mean', { pooling: 'mean', positions: 'learned' }],
  ['keep', { positions: 'learned' }],
  ['mask', { maskToken: true }],
])(`forward and every gradient equal PyTorch's: %s (${fixture.meta.versions})`, (name, options) => {
  const expected = fixture.cases[name]!;
  const encoder = vit({ ...fixture.vit, ...options })(createRng(0));
  expect(Object.keys(encoder.trainable).sort()).toEqual(Object.keys(expected.gradients).sort());
  tf.tidy(() => {
    for (const [path, variable] of Object.entries(encoder.trainable)) {
      const { shape, values } = fixture.start[path]!;
      expect(variable.shape, path).toEqual(shape);
      variable.assign(tf.tensor(values, shape));
    }
    const images = tf.tensor4d(fixture.images, [n, imageSize, imageSize, channels]);
    const keep = tf.tensor2d(fixture.keep, [n, fixture.keep.length / n], 'int32');
    const mask = tf.tensor2d(fixture.mask, [n, fixture.mask.length / n]);
    const run = (): tf.Tensor => {
      if (name === 'keep') return encoder.encode({ images, keep }, { training: true });
      if (name === 'mask') return encoder.encode({ images, mask }, { training: true });
      return encoder.apply(images, { training: true });
    };
    const output = run();
    expect(output.shape).toEqual(expected.shape);
    expect(distance(output.dataSync(), expected.output)).toBeLessThan(1e-4);
    const cotangent = tf.tensor(expected.cotangent, expected.shape);
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(run(), cotangent)), Object.values(encoder.trainable));
    for (const [path, values] of Object.entries(expected.gradients))
      expect(distance(grads[encoder.trainable[path]!.name]!.dataSync(), values, path), path).toBeLessThan(1e-4);
  });
  encoder.dispose();
});

import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { drawNormal, drawUniform } from '../draws.ts';
import { createRng } from '../rng.ts';
import { localContrast, type LocalContrastOptions } from './local-contrast.ts';

type Shape = [n: number, height: number, width: number, channels: number];

/** The definition, pixel by pixel in float64. */
function reference(values: ArrayLike<number>, [n, height, width, channels]: Shape, options: Required<LocalContrastOptions>): number[] {
  const { size, share, floor } = options;
  const radius = (size - 1) / 2;
  const result: number[] = [];
  const box = (of: (y: number, x: number) => number, y: number, x: number) => {
    let [sum, count] = [0, 0];
    for (let v = Math.max(0, y - radius); v <= Math.min(height - 1, y + radius); v++)
      for (let u = Math.max(0, x - radius); u <= Math.min(width - 1, x + radius); u++, count++) sum += of(v, u);
    return sum / count;
  };
  for (let i = 0; i < n; i++) {
    const at = (y: number, x: number, c: number) => values[((i * height + y) * width + x) * channels + c]!;
    const difference = Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => Array.from({ length: channels }, (_, c) => at(y, x, c) - box((v, u) => at(v, u, c), y, x))),
    );
    const square = (y: number, x: number) => difference[y]![x]!.reduce((sum, d) => sum + (d * d) / channels, 0);
    const whole = difference.flat(2).reduce((sum, d) => sum + d * d, 0) / (height * width * channels);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (const d of difference[y]![x]!) result.push(d / Math.sqrt(box(square, y, x) + share * whole + floor));
  }
  return result;
}

const cases: [string, Shape, LocalContrastOptions][] = [
  ['gray, a border everywhere', [2, 6, 7, 1], {}],
  ['gray, larger than the neighborhood', [1, 12, 11, 1], { size: 5, share: 0, floor: 0.01 }],
  ['color', [2, 5, 8, 3], { size: 3, share: 0.5 }],
];

it.each(cases)('equals its definition: %s', (_, shape, options) => {
  const values = drawUniform(createRng(1), shape[0] * shape[1] * shape[2] * shape[3]);
  const got = tf.tidy(() => localContrast(tf.tensor4d(values, shape), options).dataSync());
  const expected = reference(values, shape, { size: 9, share: 0.2, floor: 0.0005, ...options });
  for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 4);
});

it.each(cases)('has the gradient of central differences: %s', (_, shape, options) => {
  const count = shape[0] * shape[1] * shape[2] * shape[3];
  const [values, weights] = [drawUniform(createRng(2), count), drawNormal(createRng(3), count)];
  const gradient = tf.tidy(() =>
    tf
      .grad((x: tf.Tensor) => tf.sum(tf.mul(localContrast(x as tf.Tensor4D, options), tf.tensor4d(weights, shape))))(
        tf.tensor4d(values, shape),
      )
      .dataSync(),
  );
  const all = { size: 9, share: 0.2, floor: 0.0005, ...options };
  const loss = (moved: Float64Array) => reference(moved, shape, all).reduce((sum, value, i) => sum + value * weights[i]!, 0);
  for (let i = 0; i < count; i += 7) {
    const at = (delta: number) => loss(Float64Array.from(values, (value, k) => (k === i ? value + delta : value)));
    const expected = (at(1e-5) - at(-1e-5)) / 2e-5;
    expect(Math.abs(gradient[i]! - expected)).toBeLessThan(2e-3 * Math.max(1, Math.abs(expected)));
  }
});

it('a constant changes nothing, a flat image is 0, one tensor is left, and what does not fit is refused', () => {
  const x = tf.tensor4d(drawUniform(createRng(4), 64), [1, 8, 8, 1]);
  const lighter = tf.add<tf.Tensor4D>(x, 3);
  const flat = tf.fill<tf.Rank.R4>([2, 8, 8, 3], 0.25);
  const before = tf.memory().numTensors;
  const [a, b, c] = [localContrast(x), localContrast(lighter), localContrast(flat)];
  expect(tf.memory().numTensors).toBe(before + 3);
  const [left, right] = [a.dataSync(), b.dataSync()];
  for (const [i, value] of left.entries()) expect(right[i]).toBeCloseTo(value, 3);
  expect(Math.max(...c.dataSync().map(Math.abs))).toBeLessThan(1e-4);
  expect(() => localContrast(x, { size: 4 })).toThrow('localContrast: `size` must be an odd integer >= 3, got 4');
  expect(() => localContrast(x, { share: -1 })).toThrow('localContrast: `share` must be a number >= 0, got -1');
  expect(() => localContrast(x, { floor: 0 })).toThrow('localContrast: `floor` must be a number > 0, got 0');
  tf.tidy(() => {
    expect(() => localContrast(tf.zeros<tf.Rank>([3, 3]) as tf.Tensor4D)).toThrow('without an empty axis, got [3, 3]');
  });
  tf.dispose([x, lighter, flat, a, b, c]);
});

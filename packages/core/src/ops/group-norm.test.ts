import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { drawNormal } from '../draws.ts';
import { createRng } from '../rng.ts';
import { groupNorm } from './group-norm.ts';

const draw = (tag: string, count: number) => [...drawNormal(createRng(9).fold(tag), count)];
const [samples, pixels, channels, numGroups, epsilon] = [2, 6, 6, 3, 0.01];
const shape: [number, number, number, number] = [samples, 2, 3, channels];
const size = samples * pixels * channels;
const [x, scale, offset, weight] = [draw('x', size), draw('scale', channels), draw('offset', channels), draw('w', size)] as const;

/** Σ y · weight in float64. */
function reference(values: { x: number[]; scale: number[]; offset: number[] }): number {
  let sum = 0;
  const width = channels / numGroups;
  for (let s = 0; s < samples; s++)
    for (let g = 0; g < numGroups; g++) {
      const members = Array.from({ length: pixels * width }, (_, i) => {
        const c = g * width + (i % width);
        return { c, at: (s * pixels + Math.floor(i / width)) * channels + c };
      });
      const mean = members.reduce((total, { at }) => total + values.x[at]!, 0) / members.length;
      const variance = members.reduce((total, { at }) => total + (values.x[at]! - mean) ** 2, 0) / members.length;
      for (const { c, at } of members)
        sum += (((values.x[at]! - mean) / Math.sqrt(variance + epsilon)) * values.scale[c]! + values.offset[c]!) * weight[at]!;
    }
  return sum;
}

describe('groupNorm', () => {
  const loss = (...args: tf.Tensor[]) =>
    tf.sum(tf.mul(groupNorm(args[0]!, { scale: args[1]!, offset: args[2]!, numGroups, epsilon }), tf.tensor4d(weight, shape)));
  const inputs = () => [tf.tensor4d(x, shape), tf.tensor1d(scale), tf.tensor1d(offset)];

  it('has the value and the gradients of central differences in float64', () => {
    const values = { x: [...x], scale: [...scale], offset: [...offset] };
    tf.tidy(() => {
      expect(loss(...inputs()).dataSync()[0]).toBeCloseTo(reference(values), 4);
      const grads = tf.grads(loss)(inputs());
      (['x', 'scale', 'offset'] as const).forEach((name, input) => {
        const numeric = values[name].map((value, i) => {
          const at = (moved: number) => {
            values[name][i] = moved;
            const result = reference(values);
            values[name][i] = value;
            return result;
          };
          return (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
        });
        grads[input]!.dataSync().forEach((gradient, i) => {
          expect(Math.abs(gradient - numeric[i]!), `${name}[${i}]`).toBeLessThan(1e-5 * Math.max(...numeric.map(Math.abs), 1));
        });
      });
    });
  });

  it('is layer norm over an image with one group, and does not mix samples', () => {
    tf.tidy(() => {
      const [ones, zeros] = [tf.ones([channels]), tf.zeros([channels])];
      const y = groupNorm(tf.tensor4d(x, shape), { scale: ones, offset: zeros, numGroups: 1, epsilon: 1e-12 });
      const { mean, variance } = tf.moments(y, [1, 2, 3]);
      for (const value of mean.dataSync()) expect(value).toBeCloseTo(0, 5);
      for (const value of variance.dataSync()) expect(value).toBeCloseTo(1, 4);
      const first = tf.slice(tf.tensor4d(x, shape), 0, 1);
      const alone = groupNorm(first, { scale: ones, offset: zeros, numGroups: 1, epsilon: 1e-12 });
      expect(tf.max(tf.abs(tf.sub(alone, tf.slice(y, 0, 1)))).dataSync()[0]).toBeLessThan(1e-6);
    });
  });

  it('leaves one tensor behind outside of tidy', () => {
    const [input, $scale, $offset] = inputs() as [tf.Tensor, tf.Tensor, tf.Tensor];
    const before = tf.memory().numTensors;
    const y = tf.tidy(() => groupNorm(input, { scale: $scale, offset: $offset, numGroups }));
    expect(tf.memory().numTensors).toBe(before + 1);
    tf.dispose([input, $scale, $offset, y]);
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      const parameters = { scale: tf.ones([6]), offset: tf.zeros([6]), numGroups: 3 };
      expect(() => groupNorm(tf.ones([6]), parameters)).toThrow('groupNorm: `x` must have rank >= 2 and no empty axis, got shape [6]');
      expect(() => groupNorm(tf.ones([2, 3]), parameters)).toThrow('groupNorm: `scale` must have shape [3], got [6]');
      expect(() => groupNorm(tf.ones([2, 6]), { ...parameters, offset: tf.ones([2]) })).toThrow('`offset` must have shape [6], got [2]');
      expect(() => groupNorm(tf.ones([2, 6]), { ...parameters, numGroups: 4 })).toThrow('`numGroups` must divide the 6 channels, got 4');
    });
  });
});

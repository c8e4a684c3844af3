import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createRng } from '../rng.ts';
import { drawNormal } from '../draws.ts';
import { l2Normalize } from './l2-normalize.ts';

const values = (make: () => tf.Tensor) => tf.tidy(() => [...make().dataSync()]);
const gradientAt = (x: number[], dy: number[], epsilon?: number) =>
  values(() => tf.grad((t) => l2Normalize(t, epsilon === undefined ? {} : { epsilon }))(tf.tensor1d(x), tf.tensor1d(dy)));

describe('l2Normalize', () => {
  it('divides rows of any rank by their norm', () => {
    expect(values(() => l2Normalize(tf.tensor1d([3, -4])))).toEqual([3 / 5, -4 / 5].map(Math.fround));
    const x = drawNormal(createRng(1), 24);
    const y = values(() => l2Normalize(tf.tensor3d(x, [2, 3, 4])));
    for (let row = 0; row < 6; row++) {
      const norm = Math.hypot(...x.subarray(4 * row, 4 * row + 4));
      for (let d = 0; d < 4; d++) expect(y[4 * row + d]).toBeCloseTo(x[4 * row + d]! / norm, 6);
    }
  });

  it('has the gradient of central differences in float64', () => {
    const [x, dy] = [drawNormal(createRng(2).fold('x'), 5), drawNormal(createRng(2).fold('dy'), 5)];
    const reference = (row: number[]) => row.reduce((sum, v, d) => sum + (v / Math.hypot(...row)) * dy[d]!, 0);
    const got = gradientAt([...x], [...dy]);
    got.forEach((g, d) => {
      const at = (delta: number) => reference([...x].map((v, i) => (i === d ? v + delta : v)));
      expect(g).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 5);
    });
  });

  it('keeps a zero row zero, with gradient 0', () => {
    expect(values(() => l2Normalize(tf.zeros([2, 3])))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(gradientAt([0, 0, 0], [1, 2, 3])).toEqual([0, 0, 0]);
  });

  it('neither overflows nor vanishes: rows scaled by 1e30, 1e37 and 1e-11 have one direction', () => {
    for (const factor of [1, 1e30, 8e37, 1e-11]) {
      const y = values(() => l2Normalize(tf.tensor1d([3 * factor, 4 * factor])));
      expect(y[0]).toBeCloseTo(0.6, 6);
      expect(y[1]).toBeCloseTo(0.8, 6);
    }
    expect(gradientAt([3e30, 4e30], [1, 0])[0]! * 1e31).toBeCloseTo((1 - 0.36) * 2, 4);
  });

  it('has a unit row and a finite gradient even where the norm itself exceeds float32', () => {
    const y = values(() => l2Normalize(tf.tensor1d([3e38, 3e38])));
    expect(y[0]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(gradientAt([3e38, 3e38], [1, 0]).every(Number.isFinite)).toBe(true);
  });

  it('divides by epsilon below epsilon, with gradient 0', () => {
    values(() => l2Normalize(tf.tensor1d([3e-3, 4e-3]), { epsilon: 0.1 })).forEach((v, d) => {
      expect(v).toBeCloseTo([0.03, 0.04][d]!, 7);
    });
    expect(gradientAt([3e-3, 4e-3], [1, 1], 0.1)).toEqual([0, 0]);
    values(() => l2Normalize(tf.tensor1d([3e-20, 4e-20]))).forEach((v, d) => {
      expect(v / [3e-8, 4e-8][d]!).toBeCloseTo(1, 5);
    });
  });

  it('leaves one tensor behind, and refuses scalars and bad epsilons', () => {
    const x = tf.ones([2, 2]);
    const before = tf.memory().numTensors;
    const y = l2Normalize(x);
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(() => l2Normalize(x, { epsilon: 0 })).toThrow('l2Normalize: `epsilon` must be > 0, got 0');
    tf.dispose([x, y]);
    tf.tidy(() => {
      expect(() => l2Normalize(tf.scalar(1))).toThrow('l2Normalize: `x` must have rank >= 1, got a scalar');
    });
  });
});

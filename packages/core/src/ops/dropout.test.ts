import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { drawBits } from '../draws.ts';
import { createRng } from '../rng.ts';
import { dropout } from './dropout.ts';

const rng = createRng(11).fold('dropout');

describe('dropout', () => {
  it('drops a share of `rate`, and keeps the mean', () => {
    tf.tidy(() => {
      const y = dropout(tf.ones([100_000]), { rate: 0.25, rng }).dataSync();
      expect(new Set(y)).toEqual(new Set([0, Math.fround(4 / 3)]));
      const dropped = y.filter((v) => v === 0).length / y.length;
      expect(Math.abs(dropped - 0.25)).toBeLessThan(0.006); // four standard deviations
    });
  });

  it('compares the half-words of the stream with the rate', () => {
    tf.tidy(() => {
      const words = drawBits(rng, 3);
      const halves = [...words].flatMap((word) => [word & 0xffff, word >>> 16]);
      const y = dropout(tf.ones([5]), { rate: 0.5, rng }).dataSync();
      expect([...y]).toEqual(halves.slice(0, 5).map((half) => (half < 32768 ? 0 : 2)));
    });
  });

  it('is a function of the stream: the same twice, another for another stream, the shorter one a start of the longer one', () => {
    tf.tidy(() => {
      const mask = (size: number, from = rng) => [...dropout(tf.ones([size]), { rate: 0.5, rng: from }).dataSync()];
      expect(mask(64)).toEqual(mask(64));
      expect(mask(37)).toEqual(mask(64).slice(0, 37));
      expect(mask(64, rng.fold(1))).not.toEqual(mask(64));
    });
  });

  it('gives each part of a batch the mask of its rows, in stacks, too', () => {
    tf.tidy(() => {
      const mask = (rows: number, columns: number, from = rng) => [
        ...dropout(tf.ones([rows, columns]), { rate: 0.5, rng: from }).dataSync(),
      ];
      for (const columns of [3, 4, 16]) {
        const whole = mask(6, columns);
        const parts = [0, 1, 2].flatMap((part) => mask(2, columns, rng.ofPart(part)));
        expect(parts).toEqual(whole);
        // two views of the six rows under each other, against the same of two rows at a time
        const both = mask(12, columns, rng.stacked(2));
        const [, ...views] = [0, 1, 2].map((part) => mask(4, columns, rng.stacked(2).ofPart(part)));
        expect([...views[0]!.slice(0, 2 * columns), ...views[1]!.slice(0, 2 * columns)]).toEqual(both.slice(2 * columns, 6 * columns));
        expect([...views[0]!.slice(2 * columns), ...views[1]!.slice(2 * columns)]).toEqual(both.slice(8 * columns));
      }
    });
  });

  it('lets the gradient through the same mask', () => {
    tf.tidy(() => {
      const x = tf.ones([3, 33]);
      const y = dropout(x, { rate: 0.4, rng });
      expect(y.shape).toEqual([3, 33]);
      const gradient = tf.grad((t) => tf.sum(tf.mul(dropout(t, { rate: 0.4, rng }), 2)))(x);
      expect([...gradient.dataSync()]).toEqual([...tf.mul(y, 2).dataSync()]);
    });
  });

  it('is a clone at rate 0, and refuses rates outside [0, 1)', () => {
    const x = tf.tensor1d([1, 2]);
    const y = dropout(x, { rate: 0, rng });
    expect([...y.dataSync()]).toEqual([1, 2]);
    y.dispose();
    for (const rate of [1, -0.1, NaN]) expect(() => dropout(x, { rate, rng })).toThrow(`dropout: \`rate\` must be in [0, 1), got ${rate}`);
    const almost = dropout(x, { rate: 1 - 1e-9, rng });
    expect([...almost.dataSync()].every((v) => Number.isFinite(v))).toBe(true);
    tf.dispose([x, almost]);
  });
});

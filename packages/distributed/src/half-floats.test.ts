import { createRng, drawNormal } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { decodeFloats, encodeFloats, type Compression } from './half-floats.ts';

const through = (values: readonly number[], compression: Compression) => {
  const bytes = new Uint8Array(4 * values.length);
  encodeFloats(Float32Array.from(values), bytes, compression);
  return [...decodeFloats(bytes, values.length, compression)];
};

describe('half floats', () => {
  it('keep what 16 bits can hold, signs, infinity and NaN', () => {
    const exact = [0, -0, 1, -1, 0.5, 1.5, -2, 384, Infinity, -Infinity, NaN];
    for (const compression of ['none', 'bf16', 'fp16'] as const) expect(through(exact, compression)).toEqual(exact);
  });

  it('round to the nearest, ties to even', () => {
    expect(through([1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20], 'bf16')).toEqual([1, 1 + 2 ** -6, 1 + 2 ** -7]);
    expect(through([1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20], 'fp16')).toEqual([1, 1 + 2 ** -9, 1 + 2 ** -10]);
  });

  it('fp16 ends at 65,504, and goes down in steps of 2^-24', () => {
    expect(through([65_504, 65_519, 65_520, -70_000], 'fp16')).toEqual([65_504, 65_504, Infinity, -Infinity]);
    expect(through([2 ** -24, 1.5 * 2 ** -24, 2.5 * 2 ** -24, 2 ** -26, 2 ** -14, 2 ** -14 - 2 ** -24], 'fp16')).toEqual([
      2 ** -24,
      2 ** -23,
      2 ** -23,
      0,
      2 ** -14,
      2 ** -14 - 2 ** -24,
    ]);
  });

  it('are off by at most half a unit of the last place', () => {
    const values = [...drawNormal(createRng(0), 1000)];
    for (const [compression, limit] of [
      ['bf16', 2 ** -8],
      ['fp16', 2 ** -11],
    ] as const)
      through(values, compression).forEach((value, i) => {
        expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(limit * Math.abs(values[i]!) + (compression === 'fp16' ? 2 ** -25 : 0));
      });
  });
});

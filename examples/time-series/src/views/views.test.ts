import { createRng, drawNormal } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { normalizeWindows, type Windows } from '../data/windows.ts';
import { hideSpan } from './hide-span.ts';
import { jitter } from './jitter.ts';
import { resizedCrop } from './resized-crop.ts';
import { rotateAxes } from './rotate-axes.ts';
import { scaling } from './scaling.ts';
import { composeSeries } from './series-transform.ts';
import { timeShift } from './time-shift.ts';

const rng = createRng(5);
const windows = (values: ArrayLike<number>, [n, length, channels]: [number, number, number]): Windows => ({
  indices: Int32Array.from({ length: n }, (_, i) => i),
  values: Float32Array.from(values),
  shape: [n, length, channels],
});
const random = (shape: [number, number, number]) => windows(drawNormal(createRng(1), shape[0] * shape[1] * shape[2]), shape);
const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

describe.each([
  ['jitter', jitter(0.2)],
  ['scaling', scaling(0.2)],
  ['resizedCrop', resizedCrop(0.5)],
  ['timeShift', timeShift(0.5)],
  ['hideSpan', hideSpan(0.25)],
  ['rotateAxes', rotateAxes(90)],
])('%s', (_, transform) => {
  it('keeps the shape and its input, and depends on the stream alone', () => {
    const given = random([3, 16, 3]);
    const before = given.values.slice();
    const made = transform(given, rng);
    expect(made.shape).toEqual(given.shape);
    expect(given.values).toEqual(before);
    expect(transform(given, rng).values).toEqual(made.values);
    expect(transform(given, rng.fold('other')).values).not.toEqual(made.values);
  });
});

describe('what views do', () => {
  it('jitter adds noise of a deviation', () => {
    expect(deviation(jitter(0.2)(windows(new Float32Array(6000), [10, 200, 3]), rng).values)).toBeCloseTo(0.2, 2);
  });

  it('scaling multiplies all of a window by one factor', () => {
    const { values } = scaling(0.3)(windows(new Float32Array(24).fill(2), [2, 4, 3]), rng);
    expect(new Set(values.subarray(0, 12)).size).toBe(1);
    expect(values[0]).not.toBe(values[12]);
  });

  it('a crop of a straight line is a straight line of a smaller slope inside of it', () => {
    const line = Array.from({ length: 32 }, (_, t) => t);
    const { values } = resizedCrop(0.5)(windows(line, [1, 32, 1]), rng);
    const slope = values[1]! - values[0]!;
    expect(slope).toBeGreaterThanOrEqual(0.5);
    expect(slope).toBeLessThan(1);
    for (const [t, value] of values.entries()) expect(value).toBeCloseTo(values[0]! + t * slope, 3);
    expect(values[0]).toBeGreaterThanOrEqual(0);
    expect(values[31]).toBeLessThanOrEqual(31);
    expect(resizedCrop(1)(windows(line, [1, 32, 1]), rng).values).toEqual(Float32Array.from(line));
  });

  it('a shift moves time steps as a whole, around the end', () => {
    const values = Array.from({ length: 20 }, (_, i) => i); // 10 steps of 2 channels
    const moved = [...timeShift(1)(windows(values, [1, 10, 2]), rng).values];
    const first = moved[0]!;
    expect(first % 2).toBe(0);
    expect(moved).toEqual(values.map((value) => (value + first) % 20));
  });

  it('hides one span of all channels', () => {
    const { values } = hideSpan(0.25)(windows(new Float32Array(32).fill(1), [1, 16, 2]), rng);
    const text = values.join('');
    expect(text).toMatch(/^1*0{8}1*$/);
    expect(text.indexOf('0') % 2).toBe(0);
  });

  it('a rotation keeps lengths and angles, and the whole of a window turns alike', () => {
    const given = random([2, 8, 6]);
    const { values } = rotateAxes(180)(given, rng);
    const dot = (of: Float32Array, i: number, j: number) => [0, 1, 2].reduce((sum, k) => sum + of[i + k]! * of[j + k]!, 0);
    for (const [i, j] of [
      [0, 0],
      [0, 3],
      [6, 42],
    ] as const)
      expect(dot(values, i, j)).toBeCloseTo(dot(given.values, i, j), 4);
    expect(() => rotateAxes(10)(random([1, 8, 2]), rng)).toThrow('the channels must be axes of sensors, a multiple of 3, got 2');
  });

  it('normalizing subtracts the mean of a channel and divides by its deviation', () => {
    const { values } = normalizeWindows(windows([1, 10, 3, 20], [1, 2, 2]), { mean: [1, 10], std: [2, 5] });
    expect([...values]).toEqual([0, 0, 1, 2]);
  });

  it('a chain gives every transform a stream of its own', () => {
    const seen: number[] = [];
    const note = composeSeries([0, 1].map(() => (given, own) => (seen.push(own.seed()), given)));
    note(random([1, 8, 1]), rng);
    expect(new Set(seen).size).toBe(2);
  });
});

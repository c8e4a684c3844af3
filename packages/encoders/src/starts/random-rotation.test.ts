import { createRng } from '@selfsup/core';
import { expect, test } from 'vitest';
import { randomRotation, rotateRows } from './random-rotation.ts';

test('a random rotation is orthogonal and keeps products of rows', () => {
  const n = 64;
  const rotation = randomRotation(n, createRng(1));
  for (const [i, j] of [
    [0, 0],
    [3, 3],
    [63, 63],
    [0, 1],
    [5, 60],
    [62, 63],
  ] as const) {
    let product = 0;
    for (let k = 0; k < n; k++) product += rotation[i * n + k]! * rotation[j * n + k]!;
    expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
  }
  const table = Float32Array.from({ length: 2 * n }, (_, i) => Math.sin(i));
  const before = table.slice();
  rotateRows(table, rotation);
  const product = (values: Float32Array) => values.subarray(0, n).reduce((sum, value, k) => sum + value * values[n + k]!, 0);
  expect(product(table)).toBeCloseTo(product(before), 3);
  expect(Math.abs(table[0]! - before[0]!)).toBeGreaterThan(1e-3);
  expect(randomRotation(n, createRng(2))[0]).not.toBe(rotation[0]);
});

import { drawNormal, type Rng } from '@selfsup/core';

/**
 * An orthogonal matrix, drawn evenly from all of them: the rows of a normal matrix, made orthogonal one after the other. Internal.
 *
 * @param n rows and columns
 * @param rng decides
 * @returns `[n, n]` row-major
 */
export function randomRotation(n: number, rng: Rng): Float64Array {
  const matrix = Float64Array.from(drawNormal(rng, n * n));
  const row = (i: number) => matrix.subarray(i * n, (i + 1) * n);
  for (let i = 0; i < n; i++) {
    const own = row(i);
    // twice is enough for full precision
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) {
        const other = row(j);
        let product = 0;
        for (let k = 0; k < n; k++) product += own[k]! * other[k]!;
        for (let k = 0; k < n; k++) own[k]! -= product * other[k]!;
      }
    const length = Math.hypot(...own);
    for (let k = 0; k < n; k++) own[k]! /= length;
  }
  return matrix;
}

/** Rows times a square matrix, in place. Internal. */
export function rotateRows(table: Float32Array, rotation: Float64Array): void {
  const n = Math.sqrt(rotation.length);
  const rotated = new Float64Array(n);
  for (let from = 0; from < table.length; from += n) {
    rotated.fill(0);
    for (let i = 0; i < n; i++) {
      const value = table[from + i]!;
      if (value !== 0) for (let k = 0; k < n; k++) rotated[k]! += value * rotation[i * n + k]!;
    }
    table.set(rotated, from);
  }
}

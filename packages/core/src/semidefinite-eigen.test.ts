import { expect, test } from 'vitest';
import { semidefiniteEigen } from './semidefinite-eigen.ts';

test('a matrix of 2 rows, by hand', () => {
  const { values, vectors } = semidefiniteEigen(Float64Array.of(2, 1, 1, 2), 2);
  expect(values[0]).toBeCloseTo(3, 12);
  expect(values[1]).toBeCloseTo(1, 12);
  expect(vectors[0]! / vectors[1]!).toBeCloseTo(1, 12);
  expect(vectors[2]! / vectors[3]!).toBeCloseTo(-1, 12);
});

test('an eigenvalue of 0 has a vector of zeros, and a larger one comes first', () => {
  const { values, vectors } = semidefiniteEigen(Float64Array.of(0, 0, 0, 0, 4, 0, 0, 0, 9), 3);
  expect([...values]).toEqual([9, 4, 0]);
  expect([...vectors]).toEqual([0, 0, 1, 0, 1, 0, 0, 0, 0]);
});

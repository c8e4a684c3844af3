import { createRng, drawPermutation, drawUniform } from '@selfsup/core';
import { sizeOf } from './nd-array.ts';

/** A tensor to be made on any backend: numbers that float32 holds exactly. */
export interface Operand {
  readonly shape: readonly number[];
  readonly values: Float64Array;
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** A source of random shapes and numbers, the same for the same seed. Internal. */
export interface Draw {
  /** An integer in [low, high]. */
  integer(low: number, high: number): number;
  pick<T>(values: readonly T[]): T;
  /** Mostly small and odd, often 1, now and then larger than a tile of a kernel. */
  size(): number;
  /** A shape of a rank in [low, high], of few elements. */
  shape(low: number, high?: number): number[];
  /** float32 of both signs in [-2, 2], or in [low, high]. */
  numbers(shape: readonly number[], range?: { low?: number; high?: number }): Operand;
  /** float32 of both signs that all differ, from each other and from 0: no kink is near. */
  distinct(shape: readonly number[]): Operand;
  /** int32 in [low, below). */
  integers(shape: readonly number[], range: { low?: number; below: number }): Operand;
  /** bool. */
  booleans(shape: readonly number[]): Operand;
}

const SIZES = [1, 1, 2, 3, 3, 4, 5, 7, 8, 9, 13, 17];

/** A float32 operand of a shape with given numbers. Internal. */
export const operand = (shape: readonly number[], values: ArrayLike<number>, dtype: Operand['dtype'] = 'float32'): Operand => ({
  shape,
  values: Float64Array.from(values, (x) => (dtype === 'float32' ? Math.fround(x) : x)),
  dtype,
});

/** A {@link Draw} for a seed and the names of what it is for. Internal. */
export function createDraw(seed: number, ...names: readonly (string | number)[]): Draw {
  const rng = names.reduce((parent, name) => parent.fold(name), createRng(seed));
  let count = 0;
  const uniform = (length: number) => drawUniform(rng.fold(count++), length);
  const integer = (low: number, high: number) => low + Math.floor(uniform(1)[0]! * (high - low + 1));
  const pick = <T>(values: readonly T[]): T => values[integer(0, values.length - 1)]!;
  const size = () => pick(SIZES);
  return {
    integer,
    pick,
    size,
    shape(low, high = low) {
      const shape = Array.from({ length: integer(low, high) }, size);
      while (sizeOf(shape) > 400) shape[shape.indexOf(Math.max(...shape))] = integer(1, 4);
      return shape;
    },
    numbers: (shape, { low = -2, high = 2 } = {}) =>
      operand(
        shape,
        uniform(sizeOf(shape)).map((x) => low + x * (high - low)),
      ),
    distinct(shape) {
      const n = sizeOf(shape);
      return operand(
        shape,
        Array.from(drawPermutation(rng.fold(count++), n), (at) => (4 * (at + 0.25)) / n - 2),
      );
    },
    integers: (shape, { low = 0, below }) =>
      operand(shape, Array.from(uniform(sizeOf(shape)), (x) => low + Math.floor(x * (below - low))), 'int32'), // prettier-ignore
    booleans: (shape) => operand(shape, Array.from(uniform(sizeOf(shape)), (x) => (x < 0.5 ? 0 : 1)), 'bool'), // prettier-ignore
  };
}

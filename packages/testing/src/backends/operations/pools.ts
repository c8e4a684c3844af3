import * as tf from '@tensorflow/tfjs-core';
import { operand, type Operand } from '../draw.ts';
import { at, fromIndex, total, type NdArray } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';
import { forTaps, windowOf } from './products.ts';

interface Pool {
  readonly size: number;
  readonly stride: number;
  readonly pad: number | 'same' | 'valid';
}

/** The largest number of a window: NaN is passed over, as the tests of tfjs have it. */
const largestNumber = (values: readonly number[]) => Math.max(-Infinity, ...values.filter((x) => !Number.isNaN(x)));
const average = (values: readonly number[]) => total(values) / values.length;

function pooled(x: NdArray, { size, stride, pad }: Pool, f: (values: readonly number[]) => number): NdArray {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const window = windowOf([height, width], { kernel: [size, size], stride, pad });
  return fromIndex([n, ...window.out, channels], ([image, row, column, c]) => {
    const values: number[] = [];
    forTaps({ at: [row!, column!], size: [height, width], kernel: [size, size] }, window, (tap) =>
      values.push(at(x, [image!, tap.y, tap.x, c!])),
    );
    return f(values);
  });
}

interface PoolOperation {
  readonly compute: typeof tf.maxPool;
  readonly f: (values: readonly number[]) => number;
  /** False: only 'same' and 'valid', as the packages call it; TensorFlow has no other. */
  readonly numericPad: boolean;
}

function pool(name: string, { compute, f, numericPad }: PoolOperation): Operation {
  const make = (x: Operand, how: Pool): OperationCase => ({
    inputs: { x },
    compute: ({ x: input }) => compute(input as tf.Tensor4D, how.size, how.stride, how.pad),
    expected: ({ x: input }) => pooled(input!, how, f),
  });
  return {
    name,
    random(draw) {
      const size = draw.pick([1, 2, 2, 3, 3]);
      const how = {
        size,
        stride: draw.pick([1, 2, 2, 3]),
        pad: draw.pick<Pool['pad']>(['same', 'valid', numericPad ? Math.floor(size / 2) : 'valid']),
      };
      const x = draw.distinct([draw.integer(1, 3), draw.integer(3, 8), draw.integer(3, 8), draw.pick([1, 2, 3, 4, 5, 9])]);
      // all below zero now and then: a maximum that starts from 0 would show
      const shifted = draw.integer(0, 2) === 0 ? operand(x.shape, x.values.map((v) => v - 3)) : x; // prettier-ignore
      return { ...make(shifted, how), gradients: ['x'] };
    },
    notFinite: (draw) => {
      const x = draw.distinct([1, 5, 4, 5]);
      const strewn = operand(x.shape, x.values.map((v, i) => (i % 7 === 3 ? NaN : i % 11 === 5 ? Infinity : v))); // prettier-ignore
      return [make(strewn, { size: 2, stride: 1, pad: 'valid' }), make(strewn, { size: 2, stride: 2, pad: 'same' })];
    },
  };
}

/** Averages and maxima of windows. Internal. */
export const poolOperations: readonly Operation[] = [
  pool('avgPool', { compute: tf.avgPool, f: average, numericPad: false }),
  pool('maxPool', { compute: tf.maxPool, f: largestNumber, numericPad: true }),
];

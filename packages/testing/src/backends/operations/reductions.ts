import * as tf from '@tensorflow/tfjs-core';
import { operand, type Draw, type Operand } from '../draw.ts';
import { at, fromIndex, largest, map, mean, nd, reduce, total, zip, type NdArray } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';

interface Reduction {
  readonly compute: (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor;
  readonly f: (values: readonly number[]) => number;
  /** False: tfjs-core makes NaN of Infinity, on every backend. */
  readonly takesInfinity?: boolean;
  /** What it gives for no numbers at all; left out where that is an error. */
  readonly ofNothing?: number;
}

const reductionCase = (
  { compute, f }: Reduction,
  x: Operand,
  { axes, keepDims = false }: { axes: number[]; keepDims?: boolean },
): OperationCase => ({
  inputs: { x },
  compute: ({ x: input }) => compute(input!, axes, keepDims),
  expected: ({ x: input }) => reduce(input!, { axes, keepDims }, f),
});

/** Some of the axes, or all. */
function axesOf(draw: Draw, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis).filter(() => draw.integer(0, 1) === 1);
  return axes.length > 0 ? axes : [rank - 1];
}

function reduction(name: string, options: Reduction): Operation {
  return {
    name,
    random(draw) {
      const shape = draw.shape(1, 4);
      const where = { axes: axesOf(draw, shape.length), keepDims: draw.integer(0, 1) === 1 };
      return { ...reductionCase(options, draw.distinct(shape), where), gradients: ['x'] };
    },
    notFinite: () => [
      reductionCase(options, operand([3, 5], [1, 2, NaN, 4, 5, -1, -2, -3, -4, -5, NaN, -1, 0, 1, 2]), { axes: [1] }),
      reductionCase(options, operand([5, 3], [1, 2, NaN, 4, 5, -1, -2, -3, -4, -5, NaN, -1, 0, 1, 2]), { axes: [0] }),
      ...(options.takesInfinity === false
        ? []
        : [reductionCase(options, operand([2, 4], [Infinity, 1, 2, 3, -Infinity, 1, 2, 3]), { axes: [1] })]),
    ],
    ...(options.ofNothing !== undefined && {
      empty: () => [reductionCase(options, operand([0, 3], []), { axes: [0] }), reductionCase(options, operand([3, 0], []), { axes: [1] })],
    }),
  };
}

const position = (compute: (x: tf.Tensor, axis: number) => tf.Tensor, best: (...values: number[]) => number) => ({
  random(draw: Draw): OperationCase {
    const shape = draw.shape(1, 3);
    const axis = draw.integer(0, shape.length - 1);
    return {
      inputs: { x: draw.distinct(shape) },
      compute: ({ x }) => compute(x!, axis),
      expected: ({ x }) => reduce(x!, { axes: [axis] }, (values) => values.indexOf(best(...values))),
    };
  },
});

/** Along the last axis. */
const rows = (x: NdArray, f: (row: readonly number[]) => readonly number[]): NdArray => {
  const length = x.shape.at(-1)!;
  const values = Array.from({ length: x.values.length / length }, (_, i) => f([...x.values.subarray(i * length, (i + 1) * length)])).flat();
  return nd(x.shape, values);
};

const logSumExp = (values: readonly number[]): number => {
  const most = largest(values);
  return Number.isFinite(most) ? most + Math.log(total(values.map((x) => Math.exp(x - most)))) : most;
};
const softmax = (row: readonly number[]) => row.map((x) => Math.exp(x - logSumExp(row)));

function alongRows(
  name: string,
  { compute, f }: { compute: (x: tf.Tensor) => tf.Tensor; f: (row: readonly number[]) => readonly number[] },
): Operation {
  const make = (x: Operand): OperationCase => ({
    inputs: { x },
    compute: ({ x: input }) => compute(input!),
    expected: ({ x: input }) => rows(input!, f),
  });
  return {
    name,
    random: (draw) => ({ ...make(draw.numbers(draw.shape(1, 4), { low: -5, high: 5 })), gradients: ['x'] }),
    notFinite: () => [make(operand([3, 3], [1, NaN, 2, 1, 2, 3, 1e4, -1e4, 0]))],
  };
}

const cumsum: Operation = {
  name: 'cumsum',
  random(draw) {
    const shape = draw.shape(1, 3);
    const axis = shape.length - 1; // of the others tfjs-core's gradient is wrong
    const exclusive = draw.integer(0, 1) === 1;
    return {
      inputs: { x: draw.numbers(shape) },
      compute: ({ x }) => tf.cumsum(x!, axis, exclusive),
      expected: ({ x }) => rows(x!, (row) => row.map((_, i) => total(row.slice(0, exclusive ? i : i + 1)))),
      gradients: ['x'],
    };
  },
};

const moments: Operation = {
  name: 'moments',
  random(draw) {
    const shape = draw.shape(1, 4);
    const axes = axesOf(draw, shape.length);
    return {
      inputs: { x: draw.numbers(shape) },
      compute({ x }) {
        const found = tf.moments(x!, axes);
        return [found.mean, found.variance];
      },
      expected({ x }) {
        const center = reduce(x!, { axes, keepDims: true }, mean);
        const squares = zip(x!, center, (a, b) => (a - b) ** 2);
        return [reduce(x!, { axes }, mean), reduce(squares, { axes }, mean)];
      },
      gradients: ['x'],
    };
  },
};

const all: Operation = {
  name: 'all',
  random(draw) {
    const shape = draw.shape(1, 3);
    const axes = axesOf(draw, shape.length);
    const { values } = draw.numbers(shape, { low: 0, high: 1 });
    const x = operand(shape, values.map((v) => Number(v > 0.1)), 'bool'); // prettier-ignore
    return {
      inputs: { x },
      compute: ({ x: input }) => tf.all(input!, axes),
      expected: ({ x: input }) => reduce(input!, { axes }, (v) => Number(v.every((one) => one !== 0))),
    };
  },
};

/** Sums, means, extremes and what is made of them along axes. Internal. */
export const reductionOperations: readonly Operation[] = [
  reduction('sum', { compute: (x, axes, keepDims) => tf.sum(x, axes, keepDims), f: total, ofNothing: 0 }),
  reduction('mean', { compute: (x, axes, keepDims) => tf.mean(x, axes, keepDims), f: mean }),
  reduction('max', { compute: (x, axes, keepDims) => tf.max(x, axes, keepDims), f: largest }),
  reduction('min', { compute: (x, axes, keepDims) => tf.min(x, axes, keepDims), f: (values) => Math.min(...values) }),
  reduction('logSumExp', { compute: (x, axes, keepDims) => tf.logSumExp(x, axes, keepDims), f: logSumExp, takesInfinity: false }),
  { name: 'argMax', ...position(tf.argMax, Math.max) },
  { name: 'argMin', ...position(tf.argMin, Math.min) },
  alongRows('softmax', { compute: (x) => tf.softmax(x), f: softmax }),
  alongRows('logSoftmax', { compute: (x) => tf.logSoftmax(x), f: (row) => row.map((x) => x - logSumExp(row)) }),
  all,
  cumsum,
  moments,
];

/** A softmax over the last axis, of numbers with a mask added to them; a row without a finite number is all zeros. Internal. */
export function maskedSoftmaxOf(x: NdArray, mask: NdArray | undefined, scale: number): NdArray {
  const scaled = map(x, (value) => value * scale);
  const masked = mask === undefined ? scaled : fromIndex(x.shape, (index) => at(scaled, index) + at(mask, index));
  return rows(masked, (row) => (largest(row) === -Infinity ? row.map(() => 0) : softmax(row)));
}

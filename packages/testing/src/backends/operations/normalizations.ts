import { batchNormTraining, groupNorm, l2Normalize, layerNorm, localContrast, maskedSoftmax } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { operand, type Operand } from '../draw.ts';
import { at, fromIndex, map, mean, nd, reduce, zip, type NdArray } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';
import { maskedSoftmaxOf } from './reductions.ts';

const add = (a: NdArray, b: NdArray) => zip(a, b, (x, y) => x + y);
const times = (a: NdArray, b: NdArray) => zip(a, b, (x, y) => x * y);

/** (x − mean)/√(variance + epsilon) along axes. */
function standardized(x: NdArray, axes: readonly number[], epsilon: number): { y: NdArray; center: NdArray; spread: NdArray } {
  const center = reduce(x, { axes, keepDims: true }, mean);
  const centered = zip(x, center, (a, b) => a - b);
  const spread = reduce(map(centered, (v) => v * v), { axes, keepDims: true }, mean); // prettier-ignore
  return { y: zip(centered, spread, (a, b) => a / Math.sqrt(b + epsilon)), center, spread };
}

const EPSILON = 1e-3;
const leading = (shape: readonly number[]) => shape.slice(0, -1).map((_, axis) => axis);

const batchNormOperation: Operation = {
  name: 'batchNormTraining',
  random(draw) {
    const shape = [draw.integer(2, 5), ...draw.pick([[], [3], [2, 3], [4, 4]]), draw.pick([1, 2, 3, 4, 5, 8, 9])];
    const channels = [shape.at(-1)!];
    const [relu, residual] = [draw.integer(0, 1) === 1, draw.integer(0, 1) === 1];
    return {
      inputs: {
        x: draw.numbers(shape),
        scale: draw.numbers(channels, { low: 0.5, high: 1.5 }),
        offset: draw.numbers(channels),
        ...(residual && { residual: draw.distinct(shape) }),
      },
      compute(t) {
        const found = batchNormTraining(t['x']!, {
          scale: t['scale']!,
          offset: t['offset']!,
          epsilon: EPSILON,
          activation: relu ? 'relu' : 'linear',
          ...(residual && { residual: t['residual']! }),
        });
        return found.y;
      },
      expected(t) {
        const normal = add(times(standardized(t['x']!, leading(shape), EPSILON).y, t['scale']!), t['offset']!);
        const sum = residual ? add(normal, t['residual']!) : normal;
        return relu ? map(sum, (x) => Math.max(x, 0)) : sum;
      },
      gradients: ['x', 'scale', 'offset', ...(residual ? ['residual'] : [])],
    };
  },
  tolerance: 5e-5,
};

const batchNormStatistics: Operation = {
  name: 'batchNormTraining statistics',
  random(draw) {
    const shape = [draw.integer(2, 9), draw.pick([1, 2, 3, 4, 5, 8, 9])];
    return {
      inputs: { x: draw.numbers(shape), scale: draw.numbers(shape.slice(1)), offset: draw.numbers(shape.slice(1)) },
      compute(t) {
        const { mean: center, variance } = batchNormTraining(t['x']!, { scale: t['scale']!, offset: t['offset']! });
        return [center, variance];
      },
      expected(t) {
        const { center, spread } = standardized(t['x']!, [0], 0);
        return [nd(shape.slice(1), center.values), nd(shape.slice(1), spread.values)];
      },
    };
  },
};

const evaluationBatchNorm: Operation = {
  name: 'batchNorm',
  random(draw) {
    const shape = draw.shape(2, 4);
    const channels = [shape.at(-1)!];
    return {
      inputs: {
        x: draw.numbers(shape),
        mean: draw.numbers(channels),
        variance: draw.numbers(channels, { low: 0.3, high: 2 }),
        offset: draw.numbers(channels),
        scale: draw.numbers(channels),
      },
      compute: (t) => tf.batchNorm(t['x']!, t['mean'] as tf.Tensor1D, t['variance'] as tf.Tensor1D, t['offset'], t['scale'], EPSILON), // prettier-ignore
      expected(t) {
        const centered = zip(t['x']!, t['mean']!, (x, center) => x - center);
        const normal = zip(centered, t['variance']!, (x, variance) => x / Math.sqrt(variance + EPSILON));
        return add(times(normal, t['scale']!), t['offset']!);
      },
      gradients: ['x', 'scale', 'offset'],
    };
  },
};

const layerNormOperation: Operation = {
  name: 'layerNorm',
  random(draw) {
    const shape = [...draw.shape(1, 2), draw.pick([2, 3, 4, 5, 8, 9, 17])];
    const row = [shape.at(-1)!];
    return {
      inputs: { x: draw.numbers(shape), scale: draw.numbers(row), offset: draw.numbers(row) },
      compute: (t) => layerNorm(t['x']!, { scale: t['scale']!, offset: t['offset']!, epsilon: EPSILON }),
      expected: (t) => add(times(standardized(t['x']!, [shape.length - 1], EPSILON).y, t['scale']!), t['offset']!),
      gradients: ['x', 'scale', 'offset'],
    };
  },
  notFinite: () => [
    {
      inputs: { x: operand([2, 3], [NaN, 1, 2, 1, 1, 1]), scale: operand([3], [1, 1, 1]), offset: operand([3], [5, 6, 7]) },
      compute: (t) => layerNorm(t['x']!, { scale: t['scale']!, offset: t['offset']! }),
      expected: () => nd([2, 3], [NaN, NaN, NaN, 5, 6, 7]),
    },
  ],
  tolerance: 5e-5,
};

const groupNormOperation: Operation = {
  name: 'groupNorm',
  random(draw) {
    const [numGroups, perGroup] = [draw.integer(1, 3), draw.integer(1, 4)];
    const shape = [draw.integer(1, 3), ...draw.pick([[3], [2, 3], [4, 4]]), numGroups * perGroup];
    const channels = [shape.at(-1)!];
    return {
      inputs: { x: draw.numbers(shape), scale: draw.numbers(channels), offset: draw.numbers(channels) },
      compute: (t) => groupNorm(t['x']!, { scale: t['scale']!, offset: t['offset']!, numGroups, epsilon: EPSILON }),
      expected(t) {
        const grouped = nd([shape[0]!, -1, numGroups, perGroup].map((size) => (size < 0 ? t['x']!.values.length / (shape[0]! * numGroups * perGroup) : size)), t['x']!.values); // prettier-ignore
        return add(times(nd(shape, standardized(grouped, [1, 3], EPSILON).y.values), t['scale']!), t['offset']!);
      },
      gradients: ['x', 'scale', 'offset'],
    };
  },
  tolerance: 5e-5,
};

const l2Case = (x: Operand): OperationCase => ({
  inputs: { x },
  compute: ({ x: input }) => l2Normalize(input!),
  expected: ({ x: input }) => {
    const norms = reduce(input!, { axes: [input!.shape.length - 1], keepDims: true }, (row) => Math.max(Math.hypot(...row), 1e-12));
    return zip(input!, norms, (a, b) => a / b);
  },
});

const l2NormalizeOperation: Operation = {
  name: 'l2Normalize',
  random: (draw) => ({ ...l2Case(draw.numbers(draw.shape(1, 3))), gradients: ['x'] }),
  notFinite: () => [l2Case(operand([4, 3], [0, 0, 0, NaN, 1, 2, 3e30, 4e30, 0, 3e-30, 4e-30, 0]))],
};

const contrastOperation: Operation = {
  name: 'localContrast',
  random(draw) {
    const shape = [draw.integer(1, 2), draw.integer(3, 8), draw.integer(3, 8), draw.pick([1, 3])] as const;
    const [n, height, width, channels] = shape;
    const box = (x: NdArray) =>
      fromIndex(x.shape, ([image, row, column, c]) => {
        const inside: number[] = [];
        for (let i = Math.max(row! - 1, 0); i <= Math.min(row! + 1, height - 1); i++)
          for (let j = Math.max(column! - 1, 0); j <= Math.min(column! + 1, width - 1); j++) inside.push(at(x, [image!, i, j, c!]));
        return mean(inside);
      });
    return {
      inputs: { x: draw.numbers(shape, { low: 0, high: 1 }) },
      compute: ({ x }) => localContrast(x as tf.Tensor4D, { size: 3, share: 0.2, floor: 0.01 }),
      expected({ x }) {
        const difference = zip(x!, box(x!), (a, b) => a - b);
        const square = reduce(map(difference, (v) => v * v), { axes: [3], keepDims: true }, mean); // prettier-ignore
        const whole = reduce(square, { axes: [1, 2], keepDims: true }, mean);
        const strength = zip(box(square), whole, (a, b) => Math.sqrt(a + 0.2 * b + 0.01));
        return nd([n, height, width, channels], zip(difference, strength, (a, b) => a / b).values);
      },
      gradients: ['x'],
    };
  },
  tolerance: 5e-5,
};

const softmaxOperation: Operation = {
  name: 'maskedSoftmax',
  random(draw) {
    const [batch, heads, queries, keys] = [
      draw.integer(1, 3),
      draw.integer(1, 3),
      draw.integer(1, 7),
      draw.pick([1, 2, 3, 5, 8, 9]),
    ] as const;
    const shape = [batch, heads, queries, keys];
    const maskShape = draw.pick([undefined, [batch, 1, 1, keys], [keys], [queries, keys], shape, [batch, 1, queries, 1]]);
    const hidden = draw.pick([-Infinity, -32]);
    const mask = maskShape && operand(maskShape, draw.booleans(maskShape).values.map((x) => (x ? 0 : hidden))); // prettier-ignore
    const scale = draw.pick([1, 0.5]);
    return {
      inputs: { x: draw.numbers(shape, { low: -5, high: 5 }), ...(mask && { mask }) },
      compute: (t) => maskedSoftmax(t['x']!, { scale, ...(mask && { mask: t['mask']! }) }),
      expected: (t) => maskedSoftmaxOf(t['x']!, t['mask'], scale),
      gradients: ['x'],
    };
  },
  notFinite: () => [
    {
      inputs: { x: operand([2, 3], [NaN, 1, 2, 1, 1, 1]) },
      compute: ({ x }) => maskedSoftmax(x!),
      expected: () => nd([2, 3], [NaN, NaN, NaN, 1 / 3, 1 / 3, 1 / 3]),
    },
  ],
};

/** Normalizations and the softmax of attention. Internal. */
export const normalizationOperations: readonly Operation[] = [
  evaluationBatchNorm,
  batchNormOperation,
  batchNormStatistics,
  layerNormOperation,
  groupNormOperation,
  l2NormalizeOperation,
  contrastOperation,
  softmaxOperation,
];

import * as tf from '@tensorflow/tfjs-core';
import { operand, type Draw, type Operand } from '../draw.ts';
import { at, fromIndex, nd, transpose } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';

/** float32, and now and then int32, which token numbers are. */
const anything = (draw: Draw, shape: readonly number[]): Operand =>
  draw.integer(0, 3) === 0 ? draw.integers(shape, { low: -9, below: 10 }) : draw.numbers(shape);

const gradientsOf = (inputs: Readonly<Record<string, Operand>>) =>
  Object.values(inputs).every(({ dtype }) => dtype === 'float32') ? { gradients: Object.keys(inputs) } : {};

const concatCase = (inputs: Readonly<Record<string, Operand>>, axis: number): OperationCase => {
  const names = Object.keys(inputs);
  const sizes = names.map((name) => inputs[name]!.shape[axis]!);
  const shape = inputs[names[0]!]!.shape.map((size, i) => (i === axis ? sizes.reduce((a, b) => a + b, 0) : size));
  return {
    inputs,
    compute: (x) => tf.concat(names.map((name) => x[name]!), axis), // prettier-ignore
    expected: (x) =>
      fromIndex(shape, (index) => {
        let [part, place] = [0, index[axis]!];
        while (place >= sizes[part]!) place -= sizes[part++]!;
        return at(x[names[part]!]!, index.with(axis, place));
      }),
    ...gradientsOf(inputs),
  };
};

const concat: Operation = {
  name: 'concat',
  random(draw) {
    const shape = draw.shape(1, 4);
    const axis = draw.integer(0, shape.length - 1);
    const whole = draw.integer(0, 3) > 0;
    const names = ['a', 'b', 'c'].slice(0, draw.integer(1, 3));
    const parts = names.map((name) => [name, shape.with(axis, draw.integer(1, 5))] as const);
    return concatCase(
      Object.fromEntries(parts.map(([name, part]) => [name, whole ? draw.numbers(part) : draw.integers(part, { below: 9 })])),
      axis,
    );
  },
  empty: () => [concatCase({ a: operand([0, 2], []), b: operand([3, 2], [1, 2, 3, 4, 5, 6]) }, 0)],
};

const stack: Operation = {
  name: 'stack',
  random(draw) {
    const shape = draw.shape(0, 3);
    const axis = draw.integer(0, shape.length);
    const names = ['a', 'b', 'c'].slice(0, draw.integer(1, 3));
    const inputs = Object.fromEntries(names.map((name) => [name, draw.numbers(shape)]));
    const expected = shape.toSpliced(axis, 0, names.length);
    return {
      inputs,
      compute: (x) => tf.stack(names.map((name) => x[name]!), axis), // prettier-ignore
      expected: (x) => fromIndex(expected, (index) => at(x[names[index[axis]!]!]!, index.toSpliced(axis, 1))),
      ...gradientsOf(inputs),
    };
  },
};

const sliceCase = (x: Operand, start: number[], size: number[]): OperationCase => ({
  inputs: { x },
  compute: ({ x: input }) => tf.slice(input!, start, size),
  expected: ({ x: input }) => fromIndex(size, (index) => at(input!, index.map((i, axis) => i + start[axis]!))), // prettier-ignore
});

const unstack: Operation = {
  name: 'unstack',
  random(draw) {
    const shape = draw.shape(1, 4).map((size) => size + 1);
    const axis = draw.integer(0, shape.length - 1);
    return {
      inputs: { x: draw.numbers(shape) },
      compute: ({ x }) => tf.unstack(x!, axis),
      expected: ({ x }) =>
        Array.from({ length: shape[axis]! }, (_, part) =>
          fromIndex(shape.toSpliced(axis, 1), (index) => at(x!, index.toSpliced(axis, 0, part))),
        ),
      ...(shape.length < 5 && { gradients: ['x'] }),
    };
  },
};

const slice: Operation = {
  name: 'slice',
  random(draw) {
    const shape = draw.shape(1, 5).map((size) => size + 1);
    const start = shape.map((size) => draw.integer(0, size - 1));
    const size = shape.map((all, axis) => draw.integer(1, all - start[axis]!));
    const x = anything(draw, shape);
    // webgpu cannot pad five axes, and no package differentiates by them
    return { ...sliceCase(x, start, size), ...(shape.length < 5 && gradientsOf({ x })) };
  },
  empty: () => [sliceCase(operand([3, 2], [1, 2, 3, 4, 5, 6]), [1, 0], [0, 2])],
};

const pad: Operation = {
  name: 'pad',
  random(draw) {
    const shape = draw.shape(1, 4);
    const sides = shape.map(() => [draw.integer(0, 2), draw.integer(0, 2)] as const);
    const value = draw.integer(0, 1);
    const padded = shape.map((size, axis) => size + sides[axis]![0] + sides[axis]![1]);
    return {
      inputs: { x: draw.numbers(shape) },
      compute: ({ x }) => tf.pad(x!, sides as unknown as [number, number][], value),
      expected: ({ x }) =>
        fromIndex(padded, (index) => {
          const inner = index.map((i, axis) => i - sides[axis]![0]);
          return inner.every((i, axis) => i >= 0 && i < shape[axis]!) ? at(x!, inner) : value;
        }),
      gradients: ['x'],
    };
  },
};

const split: Operation = {
  name: 'split',
  random(draw) {
    const shape = draw.shape(1, 4);
    const axis = draw.integer(0, shape.length - 1);
    const sizes = Array.from({ length: draw.integer(2, 4) }, () => draw.integer(1, 3));
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
    const x = draw.numbers(shape.with(axis, sizes.reduce((a, b) => a + b, 0))); // prettier-ignore
    return {
      inputs: { x },
      compute: ({ x: input }) => tf.split(input!, sizes, axis),
      expected: ({ x: input }) =>
        sizes.map((size, part) =>
          fromIndex(x.shape.with(axis, size), (index) => at(input!, index.with(axis, index[axis]! + starts[part]!))),
        ),
      gradients: ['x'],
    };
  },
};

const tile: Operation = {
  name: 'tile',
  random(draw) {
    const shape = draw.shape(1, 4);
    const repeats = shape.map(() => draw.integer(1, 3));
    const x = anything(draw, shape);
    return {
      inputs: { x },
      compute: ({ x: input }) => tf.tile(input!, repeats),
      expected: ({ x: input }) =>
        fromIndex(shape.map((size, axis) => size * repeats[axis]!), (index) => at(input!, index.map((i, axis) => i % shape[axis]!))), // prettier-ignore
      ...gradientsOf({ x }),
    };
  },
};

const reverse: Operation = {
  name: 'reverse',
  random(draw) {
    const shape = draw.shape(1, 4);
    const axes = shape.map((_, axis) => axis).filter(() => draw.integer(0, 1) === 1);
    const x = draw.numbers(shape);
    const flipped = axes.length > 0 ? axes : [0];
    return {
      inputs: { x },
      compute: ({ x: input }) => tf.reverse(input!, flipped),
      expected: ({ x: input }) =>
        fromIndex(shape, (index) => at(input!, index.map((i, axis) => (flipped.includes(axis) ? shape[axis]! - 1 - i : i)))), // prettier-ignore
      gradients: ['x'],
    };
  },
};

const transposed: Operation = {
  name: 'transpose',
  random(draw) {
    const shape = draw.shape(2, 5);
    const order = shape.map((_, axis) => axis);
    for (let i = order.length - 1; i > 0; i--) {
      const j = draw.integer(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const x = anything(draw, shape);
    return {
      inputs: { x },
      compute: ({ x: input }) => tf.transpose(input!, order),
      expected: ({ x: input }) => transpose(input!, order),
      ...gradientsOf({ x }),
    };
  },
};

const reshape: Operation = {
  name: 'reshape',
  random(draw) {
    const shape = draw.shape(1, 4);
    const to = draw.integer(0, 1) ? [...shape].reverse() : [shape.reduce((a, b) => a * b, 1)];
    const x = anything(draw, shape);
    return {
      inputs: { x },
      compute: ({ x: input }) => tf.reshape(input!, to),
      expected: ({ x: input }) => nd(to, input!.values),
      ...gradientsOf({ x }),
    };
  },
};

const expandDims: Operation = {
  name: 'expandDims',
  random(draw) {
    const shape = draw.shape(1, 4);
    const axis = draw.integer(0, shape.length);
    return {
      inputs: { x: draw.numbers(shape) },
      compute: ({ x }) => tf.expandDims(x!, axis),
      expected: ({ x }) => nd(shape.toSpliced(axis, 0, 1), x!.values),
      gradients: ['x'],
    };
  },
};

const squeeze: Operation = {
  name: 'squeeze',
  random(draw) {
    const shape = draw.shape(1, 3);
    const axis = draw.integer(0, shape.length);
    return {
      inputs: { x: draw.numbers(shape.toSpliced(axis, 0, 1)) },
      compute: ({ x }) => tf.squeeze(x!, [axis]),
      expected: ({ x }) => nd(shape, x!.values),
      gradients: ['x'],
    };
  },
};

/** Tensors that are made from no other. */
const creation = (name: string, make: (draw: Draw) => Pick<OperationCase, 'compute' | 'expected'>): Operation => ({
  name,
  random: (draw) => ({ inputs: {}, ...make(draw) }),
});

/** Operations that move elements and compute none. Internal. */
export const shapeOperations: readonly Operation[] = [
  concat,
  stack,
  unstack,
  slice,
  pad,
  split,
  tile,
  reverse,
  transposed,
  reshape,
  expandDims,
  squeeze,
  creation('zeros', (draw) => {
    const shape = draw.shape(1, 3);
    return { compute: () => tf.zeros(shape), expected: () => nd(shape, () => 0) };
  }),
  creation('ones', (draw) => {
    const shape = draw.shape(1, 3);
    return { compute: () => tf.ones(shape), expected: () => nd(shape, () => 1) };
  }),
  creation('fill', (draw) => {
    const shape = draw.shape(1, 3);
    const [value, dtype] = draw.pick([[-1.5, 'float32'], [0, 'float32'], [3, 'int32'], [-Infinity, 'float32']] as const); // prettier-ignore
    return { compute: () => tf.fill(shape, value, dtype), expected: () => nd(shape, () => value) };
  }),
  creation('range', (draw) => {
    const [start, count, step] = [draw.integer(-3, 3), draw.integer(1, 40), draw.pick([1, 2, 5])];
    const dtype = draw.pick(['int32', 'float32'] as const);
    return {
      compute: () => tf.range(start, start + count * step, step, dtype),
      expected: () => nd([count], (i) => start + i * step),
    };
  }),
  creation('eye', (draw) => {
    const n = draw.size();
    return { compute: () => tf.eye(n), expected: () => fromIndex([n, n], ([i, j]) => Number(i === j)) };
  }),
];

import * as tf from '@tensorflow/tfjs-core';
import { operand, type Draw, type Operand } from '../draw.ts';
import { at, fromIndex, nd, zip } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';

type BinaryCompute = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

interface Binary {
  readonly compute: BinaryCompute;
  readonly f: (a: number, b: number) => number;
  /** Where the numbers of `b` lie; default like those of `a`. */
  readonly divisors?: boolean;
  readonly bases?: boolean;
  readonly differentiable?: boolean;
  /** False: gradients only where both shapes are the same, since tfjs-core's are wrong where one is broadcast. */
  readonly broadcastGradients?: boolean;
  readonly integers?: boolean;
  readonly specials?: boolean;
}

/** Two shapes that broadcast: axes of length 1 and missing ones, on either side. */
function shapesThatBroadcast(draw: Draw): [number[], number[]] {
  const shape = draw.shape(1, 4);
  const thin = () => shape.map((size) => (draw.integer(0, 2) === 0 ? 1 : size)).slice(draw.integer(0, shape.length));
  const kind = draw.integer(0, 4);
  if (kind === 0) return [shape, shape];
  if (kind === 1) return [shape, thin()];
  if (kind === 2) return [thin(), shape];
  if (kind === 3) return [shape, shape.slice(-1)];
  const [a, b] = [shape.map((size) => (draw.integer(0, 1) ? size : 1)), shape.map((size) => (draw.integer(0, 1) ? size : 1))];
  return [a, b];
}

const binaryCase = ({ compute, f }: Binary, a: Operand, b: Operand): OperationCase => ({
  inputs: { a, b },
  compute: (x) => compute(x['a']!, x['b']!),
  expected: (x) => zip(x['a']!, x['b']!, f),
});

const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join();

/** Every pair of numbers. */
const pairs = (numbers: readonly number[]): [number[], number[]] => [
  numbers.flatMap((x) => numbers.map(() => x)),
  numbers.flatMap(() => [...numbers]),
];

function binary(name: string, options: Binary): Operation {
  const { divisors = false, bases = false, differentiable = true, broadcastGradients = true, integers = false, specials = true } = options;
  return {
    name,
    random(draw) {
      const [left, right] = shapesThatBroadcast(draw);
      if (integers && draw.integer(0, 3) === 0)
        return binaryCase(options, draw.integers(left, { low: -4, below: 5 }), draw.integers(right, { low: -4, below: 5 }));
      const a = bases ? draw.numbers(left, { low: 0.2, high: 3 }) : draw.distinct(left);
      const distinct = draw.distinct(right);
      // half a step from the places of `a`, so that no two are the same
      const b = operand(right, distinct.values.map((x) => (divisors ? Math.sign(x) * (0.5 + Math.abs(x)) : x + 0.0137))); // prettier-ignore
      const gradients = differentiable && (broadcastGradients || same(left, right));
      return { ...binaryCase(options, a, b), ...(gradients && { gradients: ['a', 'b'] }) };
    },
    ...(specials && {
      notFinite() {
        const numbers = [NaN, Infinity, -Infinity, 0, 1, -2];
        const [left, right] = pairs(numbers);
        const column = operand([numbers.length, 1], numbers);
        return [
          binaryCase(options, operand([left.length], left), operand([right.length], right)),
          binaryCase(options, column, operand([numbers.length], numbers)), // rows and columns
          ...numbers.map((x) => binaryCase(options, operand([7], [...numbers, NaN]), operand([], [x]))),
          ...numbers.map((x) => binaryCase(options, operand([1], [x]), operand([7], [...numbers, NaN]))),
        ];
      },
    }),
    empty: () => [binaryCase(options, operand([0], []), operand([0], [])), binaryCase(options, operand([2, 0], []), operand([1], [2]))],
  };
}

const truth = (f: (a: number, b: number) => boolean) => (a: number, b: number) => Number(f(a, b));
const comparison = (name: string, compute: BinaryCompute, f: (a: number, b: number) => boolean) =>
  binary(name, { compute, f: truth(f), differentiable: false, integers: true });

const where: Operation = {
  name: 'where',
  random(draw) {
    const shape = draw.shape(1, 4);
    // as the packages call it: a condition of the shape, one side perhaps a scalar
    const condition = draw.booleans(shape);
    const [a, b] = [draw.numbers(shape), draw.numbers(draw.integer(0, 3) ? shape : [])];
    return {
      inputs: { condition, a, b },
      compute: (x) => tf.where(x['condition']!, x['a']!, x['b']!),
      expected: (x) => fromIndex(shape, (index) => (at(x['condition']!, index) ? at(x['a']!, index) : at(x['b']!, index))),
      gradients: same(a.shape, b.shape) ? ['a', 'b'] : ['a'],
    };
  },
  // the side that is not chosen does not matter, whatever it is
  notFinite: () => [
    {
      inputs: {
        condition: operand([5], [1, 0, 1, 0, 1], 'bool'),
        a: operand([5], [1, NaN, Infinity, -Infinity, NaN]),
        b: operand([5], [NaN, 2, NaN, Infinity, 3]),
      },
      compute: (x) => tf.where(x['condition']!, x['a']!, x['b']!),
      expected: () => nd([5], [1, 2, Infinity, Infinity, NaN]),
    },
  ],
};

const addN: Operation = {
  name: 'addN',
  random(draw) {
    const shape = draw.shape(0, 3);
    const count = draw.pick([1, 2, 3, 5, 40]); // more than the buffers that a program on a GPU can have
    const names = Array.from({ length: count }, (_, i) => `x${i}`);
    const inputs = Object.fromEntries(names.map((name) => [name, draw.numbers(shape)]));
    return {
      inputs,
      compute: (x) => tf.addN(names.map((name) => x[name]!)),
      expected: (x) => names.map((name) => x[name]!).reduce((sum, one) => zip(sum, one, (a, b) => a + b)),
      gradients: names,
    };
  },
};

const cast: Operation = {
  name: 'cast',
  random(draw) {
    const shape = draw.shape(0, 3);
    const [from, to] = draw.pick([
      ['bool', 'float32'],
      ['int32', 'float32'],
      ['float32', 'int32'],
      ['float32', 'bool'],
      ['int32', 'bool'],
      ['bool', 'int32'],
    ] as const);
    const x =
      from === 'bool'
        ? draw.booleans(shape)
        : from === 'int32'
          ? draw.integers(shape, { low: -3, below: 4 })
          : draw.numbers(shape, { low: -9, high: 9 });
    const f = (value: number) => (to === 'bool' ? Number(value !== 0) : to === 'int32' ? Math.trunc(value) : value);
    return { inputs: { x }, compute: ({ x: input }) => tf.cast(input!, to), expected: ({ x: input }) => nd(shape, input!.values.map(f)) };
  },
};

/** Operations on two tensors element by element, comparisons and choices among them. Internal. */
export const arithmeticOperations: readonly Operation[] = [
  binary('add', { compute: tf.add, f: (a, b) => a + b, integers: true }),
  binary('sub', { compute: tf.sub, f: (a, b) => a - b, integers: true }),
  binary('mul', { compute: tf.mul, f: (a, b) => a * b, integers: true }),
  binary('div', { compute: tf.div, f: (a, b) => a / b, divisors: true }),
  binary('pow', { compute: (a, b) => tf.pow(a, b), f: (a, b) => a ** b, bases: true, specials: false }),
  binary('maximum', { compute: tf.maximum, f: Math.max, integers: true, broadcastGradients: false }),
  binary('minimum', { compute: tf.minimum, f: Math.min, integers: true, broadcastGradients: false }),
  binary('squaredDifference', { compute: tf.squaredDifference, f: (a, b) => (a - b) ** 2, broadcastGradients: false }),
  comparison('equal', tf.equal, (a, b) => a === b),
  comparison('notEqual', tf.notEqual, (a, b) => a !== b),
  comparison('greater', tf.greater, (a, b) => a > b),
  comparison('greaterEqual', tf.greaterEqual, (a, b) => a >= b),
  comparison('less', tf.less, (a, b) => a < b),
  comparison('lessEqual', tf.lessEqual, (a, b) => a <= b),
  where,
  addN,
  cast,
  // of truth values, which comparisons make
  comparison(
    'logicalAnd',
    (a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)),
    (a, b) => a > 0 && b > 0,
  ),
  comparison(
    'logicalOr',
    (a, b) => tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0)),
    (a, b) => a > 0 || b > 0,
  ),
];

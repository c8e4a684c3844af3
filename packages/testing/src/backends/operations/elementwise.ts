import * as tf from '@tensorflow/tfjs-core';
import { operand, type Draw, type Operand } from '../draw.ts';
import { map } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';
import { errorFunction } from './error-function.ts';

interface Unary {
  readonly compute: (x: tf.Tensor) => tf.Tensor;
  readonly f: (x: number) => number;
  /** Where its numbers lie; default [-2, 2], away from each other and from 0. */
  readonly range?: { readonly low: number; readonly high: number };
  /** False where it is constant piece by piece, and nothing is to be learned from its gradient. */
  readonly differentiable?: boolean;
  readonly tolerance?: number;
  /** Left out where its definition does not say what becomes of them. */
  readonly specials?: readonly number[];
}

const SPECIALS = [NaN, Infinity, -Infinity, 0, 1, -1, 3, -3, 1e-30, -1e-30, 1e30, -1e30];

/** An operation on each element by itself. */
function unary(name: string, { compute, f, range, differentiable = true, tolerance, specials = SPECIALS }: Unary): Operation {
  const make = (x: Operand): OperationCase => ({
    inputs: { x },
    compute: ({ x: input }) => compute(input!),
    expected: ({ x: input }) => map(input!, f),
  });
  return {
    name,
    ...(tolerance !== undefined && { tolerance }),
    random(draw: Draw) {
      const shape = draw.shape(0, 4);
      const x = range ? draw.numbers(shape, range) : draw.distinct(shape);
      return { ...make(x), ...(differentiable && { gradients: ['x'] }) };
    },
    // many of them, so that vectors and what is left over both see each
    notFinite: () =>
      [1, 3, 5].map((times) => make(operand([times * specials.length], Array<readonly number[]>(times).fill(specials).flat()))),
    empty: () => [make(operand([0], [])), make(operand([2, 0, 3], []))],
  };
}

const positive = { low: 0.1, high: 4 };
const notNegative = SPECIALS.filter((x) => !(x < 0));

/** log(1 + e^x) without overflow. */
const softplus = (x: number) => (x === -Infinity ? 0 : Math.max(x, 0) + (Number.isFinite(x) ? Math.log1p(Math.exp(-Math.abs(x))) : 0));

/** Operations on each element by itself. Internal. */
export const elementwiseOperations: readonly Operation[] = [
  unary('abs', { compute: tf.abs, f: Math.abs }),
  unary('neg', { compute: tf.neg, f: (x) => -x }),
  unary('square', { compute: tf.square, f: (x) => x * x }),
  unary('sqrt', { compute: tf.sqrt, f: Math.sqrt, range: positive, specials: notNegative }),
  unary('rsqrt', { compute: tf.rsqrt, f: (x) => 1 / Math.sqrt(x), range: positive, specials: notNegative.filter((x) => x !== 0) }),
  unary('exp', { compute: tf.exp, f: Math.exp, specials: SPECIALS }),
  unary('log', { compute: tf.log, f: Math.log, range: positive, specials: notNegative }),
  unary('relu', { compute: tf.relu, f: (x) => (x < 0 ? 0 : x) }),
  unary('relu6', { compute: tf.relu6, f: (x) => (x < 0 ? 0 : x > 6 ? 6 : x) }),
  unary('sigmoid', { compute: tf.sigmoid, f: (x) => 1 / (1 + Math.exp(-x)) }),
  unary('tanh', { compute: tf.tanh, f: Math.tanh }),
  unary('sin', { compute: tf.sin, f: Math.sin, specials: [NaN, 0, 1, -1, 3, -3] }),
  unary('cos', { compute: tf.cos, f: Math.cos, specials: [NaN, 0, 1, -1, 3, -3] }),
  unary('erf', { compute: tf.erf, f: errorFunction }),
  unary('softplus', { compute: tf.softplus, f: softplus }),
  unary('sign', { compute: tf.sign, f: Math.sign, differentiable: false, specials: SPECIALS.filter((x) => !Number.isNaN(x)) }),
  unary('step', { compute: (x) => tf.step(x), f: (x) => (x > 0 ? 1 : Number.isNaN(x) ? NaN : 0), differentiable: false }),
  unary('floor', { compute: tf.floor, f: Math.floor, differentiable: false }),
  // halves to the even neighbor
  unary('round', {
    compute: tf.round,
    f: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.sign(x) * Math.round(Math.abs(x))),
    differentiable: false,
    range: { low: -4, high: 4 },
    specials: [...SPECIALS, 0.5, 1.5, 2.5, -0.5, -1.5],
  }),
  unary('isFinite', { compute: tf.isFinite, f: (x) => Number(Number.isFinite(x)), differentiable: false }),
  unary('clipByValue', {
    compute: (x) => tf.clipByValue(x, -0.7, 1.1),
    f: (x) => (x < -0.7 ? Math.fround(-0.7) : x > 1.1 ? Math.fround(1.1) : x),
  }),
  unary('clone', { compute: (x) => tf.clone(x), f: (x) => x }),
  unary('zerosLike', { compute: (x) => tf.zerosLike(x), f: () => 0, differentiable: false }),
  unary('onesLike', { compute: (x) => tf.onesLike(x), f: () => 1, differentiable: false }),
];

import { addEach, adamWUpdate, emaUpdate, larsUpdate, movingStatistics, sgdUpdate, sumOfEach } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { operand } from '../draw.ts';
import { nd, zip, type NdArray } from '../nd-array.ts';
import type { Operation } from '../operation.ts';

const combine = (a: NdArray, b: NdArray, f: (a: number, b: number) => number) => zip(a, b, f);
const norm = ({ values }: NdArray) => Math.hypot(...values);

const sgd: Operation = {
  name: 'sgdUpdate',
  random(draw) {
    const shape = draw.shape(1, 3);
    const options = {
      learningRate: 0.3,
      momentum: draw.pick([0, 0.9]),
      nesterov: draw.integer(0, 1) === 1,
      weightDecay: draw.pick([0, 0.1]),
    };
    const hasVelocity = draw.integer(0, 2) > 0;
    return {
      inputs: { gradient: draw.numbers(shape), variable: draw.numbers(shape), ...(hasVelocity && { velocity: draw.numbers(shape) }) },
      compute(t) {
        const { update, velocity } = sgdUpdate({ gradient: t['gradient']!, variable: t['variable']!, ...(hasVelocity && { velocity: t['velocity']! }) }, options); // prettier-ignore
        return velocity ? [update, velocity] : [update];
      },
      expected(t) {
        const direction = combine(t['gradient']!, t['variable']!, (g, w) => g + options.weightDecay * w);
        if (!hasVelocity) return [nd(shape, direction.values.map((d) => -options.learningRate * d))]; // prettier-ignore
        const next = combine(t['velocity']!, direction, (v, d) => options.momentum * v + d);
        const ahead = options.nesterov ? combine(direction, next, (d, v) => d + options.momentum * v) : next;
        return [nd(shape, ahead.values.map((d) => -options.learningRate * d)), next]; // prettier-ignore
      },
    };
  },
};

const adamW: Operation = {
  name: 'adamWUpdate',
  random(draw) {
    const shape = draw.shape(1, 3);
    const [learningRate, count, weightDecay] = [0.5, draw.pick([0, 1, 2, 100]), draw.pick([0, 0.1])];
    const [beta1, beta2, epsilon] = [0.9, draw.pick([0.95, 0.999]), 1e-6];
    return {
      inputs: {
        gradient: draw.numbers(shape),
        firstMoment: draw.numbers(shape),
        secondMoment: draw.numbers(shape, { low: 0.1, high: 3 }),
        variable: draw.numbers(shape),
      },
      compute(t) {
        const tensors = {
          gradient: t['gradient']!,
          firstMoment: t['firstMoment']!,
          secondMoment: t['secondMoment']!,
          variable: t['variable']!,
        };
        const { update, firstMoment, secondMoment } = adamWUpdate(tensors, { learningRate, count, beta1, beta2, epsilon, weightDecay });
        return [update, firstMoment, secondMoment];
      },
      expected(t) {
        const first = combine(t['firstMoment']!, t['gradient']!, (m, g) => beta1 * m + (1 - beta1) * g);
        const second = combine(t['secondMoment']!, t['gradient']!, (v, g) => beta2 * v + (1 - beta2) * g * g);
        const [correct1, correct2] = count === 0 ? [1, 1] : [1 - beta1 ** count, 1 - beta2 ** count];
        const direction = combine(first, second, (m, v) => m / correct1 / (Math.sqrt(v / correct2) + epsilon));
        return [combine(direction, t['variable']!, (d, w) => -learningRate * (d + weightDecay * w)), first, second];
      },
    };
  },
};

const lars: Operation = {
  name: 'larsUpdate',
  random(draw) {
    const shape = draw.shape(1, 3);
    const options = {
      learningRate: 0.3,
      momentum: 0.9,
      weightDecay: draw.pick([0, 0.1]),
      trustCoefficient: draw.pick([0.02, 0.5]),
      epsilon: 1e-6,
      norms: draw.pick(['split', 'sum'] as const),
      rateInMomentum: draw.integer(0, 1) === 1,
      clip: draw.integer(0, 1) === 1,
    };
    return {
      inputs: { gradient: draw.numbers(shape), velocity: draw.numbers(shape), variable: draw.numbers(shape) },
      compute(t) {
        const { update, velocity } = larsUpdate({ gradient: t['gradient']!, velocity: t['velocity']!, variable: t['variable']! }, options);
        return [update, velocity];
      },
      expected(t) {
        const { learningRate, momentum, weightDecay, trustCoefficient, epsilon, norms, rateInMomentum, clip } = options;
        const direction = combine(t['gradient']!, t['variable']!, (g, w) => g + weightDecay * w);
        const [size, own] = [norm(t['variable']!), norm(norms === 'split' ? t['gradient']! : direction)];
        const plain = (trustCoefficient * size) / (own + (norms === 'split' ? weightDecay * size : 0) + epsilon);
        const ratio = Math.min(size, own) > 0 ? (clip ? Math.min(plain / learningRate, 1) : plain) : 1;
        const next = combine(t['velocity']!, direction, (v, d) => momentum * v + ratio * (rateInMomentum ? learningRate : 1) * d);
        return [nd(shape, next.values.map((v) => -(rateInMomentum ? 1 : learningRate) * v)), next]; // prettier-ignore
      },
    };
  },
};

const ema: Operation = {
  name: 'emaUpdate',
  random(draw) {
    const shape = draw.shape(0, 3);
    const momentum = draw.pick([0, 0.5, 0.996, 1]);
    return {
      inputs: { old: draw.numbers(shape), fresh: draw.numbers(shape) },
      compute: (t) => emaUpdate(t['old']!, t['fresh']!, momentum),
      expected: (t) => combine(t['old']!, t['fresh']!, (a, b) => momentum * a + (1 - momentum) * b),
    };
  },
};

const statistics: Operation = {
  name: 'movingStatistics',
  random(draw) {
    const channels = [draw.integer(1, 17)];
    const [momentum, count] = [draw.pick([0, 0.9, 0.99]), draw.integer(2, 9)];
    const names = ['mean', 'variance', 'batchMean', 'batchVariance'];
    return {
      inputs: Object.fromEntries(names.map((name) => [name, draw.numbers(channels, { low: 0.1, high: 2 })])),
      compute(t) {
        const [old, batch] = [
          { mean: t['mean'] as tf.Tensor1D, variance: t['variance'] as tf.Tensor1D },
          { mean: t['batchMean'] as tf.Tensor1D, variance: t['batchVariance'] as tf.Tensor1D },
        ];
        const { mean, variance } = movingStatistics(old, batch, { momentum, count });
        return [mean, variance];
      },
      expected: (t) => [
        combine(t['mean']!, t['batchMean']!, (a, b) => momentum * a + (1 - momentum) * b),
        combine(t['variance']!, t['batchVariance']!, (a, b) => momentum * a + ((1 - momentum) * b * count) / (count - 1)),
      ],
    };
  },
};

const sums: Operation = {
  name: 'sumOfEach',
  random(draw) {
    const names = Array.from({ length: draw.integer(1, 12) }, (_, i) => `x${i}`);
    return {
      inputs: Object.fromEntries(names.map((name) => [name, draw.numbers(draw.shape(0, 3))])),
      compute: (t) => sumOfEach(names.map((name) => t[name]!)),
      expected: (t) => nd([names.length], (i) => t[names[i]!]!.values.reduce((a, b) => a + b, 0)),
    };
  },
  // it is asked whether all gradients are finite
  notFinite: () => [
    {
      inputs: { x0: operand([3], [1, NaN, 2]), x1: operand([2], [1, 2]), x2: operand([3], [1, Infinity, 2]) },
      compute: (t) => sumOfEach([t['x0']!, t['x1']!, t['x2']!]),
      expected: () => nd([3], [NaN, 3, Infinity]),
    },
  ],
};

/** Steps of optimizers. Internal. */
/** A pair of each kind: the sums side by side, since a check looks at one tensor. */
const additions: Operation = {
  name: 'addEach',
  random(draw) {
    const names = Array.from({ length: draw.integer(1, 5) }, (_, i) => String(i));
    const shapes = names.map(() => draw.shape(0, 3));
    const pairs = (first: string) => names.map((name, i) => [`${first}${name}`, draw.numbers(shapes[i]!)] as const);
    return {
      inputs: Object.fromEntries([...pairs('x'), ...pairs('y')]),
      compute: (t) =>
        tf.concat(
          addEach(
            names.map((name) => t[`x${name}`]!),
            names.map((name) => t[`y${name}`]!),
          ).map((sum) => tf.reshape(sum, [-1])),
        ),
      expected: (t) => {
        const sums = names.flatMap((name) => [...t[`x${name}`]!.values].map((value, i) => value + t[`y${name}`]!.values[i]!));
        return nd([sums.length], (i) => sums[i]!);
      },
    };
  },
};

export const updateOperations: readonly Operation[] = [sgd, adamW, lars, ema, statistics, sums, additions];

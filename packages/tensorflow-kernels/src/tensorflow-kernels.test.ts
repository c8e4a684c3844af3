// The kernels on TensorFlow against the composed definitions on the cpu backend, where a binding of tfjs-node is installed.
import { selectBackend } from '@selfsup/backends';
import {
  adamWUpdate,
  batchNormTraining,
  createRng,
  drawNormal,
  drawUniform,
  dropout,
  emaUpdate,
  gelu,
  groupNorm,
  isSelfsupError,
  l2Normalize,
  larsUpdate,
  layerNorm,
  maskedSoftmax,
  sgdUpdate,
  softmaxCrossEntropy,
  takeRows,
} from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerTensorflowKernels, type TensorflowKernels } from './register-tensorflow-kernels.ts';

type Shape = readonly number[];
interface Case {
  /** Shapes of the inputs, drawn from a normal distribution. */
  readonly shapes: readonly Shape[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[];
  /** Whether the gradients of the first output are compared, too. */
  readonly differentiate: boolean;
}
interface Dice {
  /** An integer in [1, n]. */
  int(n: number): number;
  /** A number in (0.05, 0.95). */
  unit(): number;
  coin(): boolean;
}

const differentiable = (shapes: readonly Shape[], run: Case['run']): Case => ({ shapes, run, differentiate: true });
const update = (dice: Dice, count: number, run: Case['run']): Case => {
  const shape = [dice.int(30), dice.int(4)];
  return { shapes: Array.from({ length: count }, () => shape), run, differentiate: false };
};
const image = (dice: Dice): [number, number, number, number] => [dice.int(4), 1 + dice.int(8), 1 + dice.int(8), dice.int(9)];

const makers: Readonly<Record<string, (dice: Dice) => Case>> = {
  batchNormTraining(dice) {
    const shape = dice.coin() ? image(dice) : [2 + dice.int(20), dice.int(40)];
    const [withResidual, activation] = [dice.coin(), dice.coin() ? ('relu' as const) : ('linear' as const)];
    const channels = [shape.at(-1)!];
    return differentiable([shape, channels, channels, ...(withResidual ? [shape] : [])], (x, scale, offset, residual) => {
      const rest = { activation, epsilon: 1e-3, ...(residual && { residual }) };
      const { y, mean, variance } = batchNormTraining(x, { scale: scale, offset: offset, ...rest });
      return [y, mean, variance];
    });
  },
  layerNorm(dice) {
    const features = 2 + dice.int(70);
    return differentiable([[dice.int(4), dice.int(6), features], [features], [features]], (x, scale, offset) =>
      layerNorm(x, { scale: scale, offset: offset, epsilon: 1e-3 }),
    );
  },
  groupNorm(dice) {
    const [numGroups, each] = [dice.int(4), dice.int(5)];
    const channels = numGroups * each;
    return differentiable([[dice.int(4), 1 + dice.int(8), 2, channels], [channels], [channels]], (x, scale, offset) =>
      groupNorm(x, { scale: scale, offset: offset, numGroups, epsilon: 1e-3 }),
    );
  },
  l2Normalize: (dice) => differentiable([[dice.int(9), dice.int(40)]], (x) => l2Normalize(x)),
  gelu: (dice) => differentiable([[dice.int(9), dice.int(90)]], (x) => gelu(tf.mul(x, 3))),
  'gelu by tanh': (dice) => differentiable([[dice.int(9), dice.int(90)]], (x) => gelu(tf.mul(x, 3), { approximate: 'tanh' })),
  maskedSoftmax(dice) {
    const [batch, heads, queries, keys] = [dice.int(3), dice.int(3), dice.int(4), dice.int(40)];
    const masks = [[keys], [batch, 1, 1, keys], [queries, keys], [1, heads, 1, keys], [batch, 1, 1, 1], [batch, heads, queries, keys]];
    const shape = masks[dice.int(masks.length) - 1]!;
    const size = shape.reduce((a, b) => a * b, 1);
    const hidden = Array.from({ length: size }, () => (dice.int(5) === 1 ? -Infinity : dice.int(3)));
    const isMasked = dice.int(4) > 1;
    return differentiable([[batch, heads, queries, keys]], (x) =>
      maskedSoftmax(x, { scale: 0.5, ...(isMasked && { mask: tf.tensor(hidden, shape) }) }),
    );
  },
  softmaxCrossEntropy(dice) {
    const [n, classes] = [dice.int(9), dice.int(50)];
    const labels = Array.from({ length: n }, () => dice.int(classes + 1) - 2); // −1 among them
    return differentiable([[n, classes]], (x) => softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')));
  },
  takeRows(dice) {
    const [batch, rows] = [dice.int(3), dice.int(9)];
    const ids = Array.from({ length: batch * 5 }, () => dice.int(rows) - 1);
    return differentiable([[batch, rows, dice.int(9)]], (x) => takeRows(x, tf.tensor(ids, [batch, 5], 'int32'), { batchDims: 1 }));
  },
  dropout: (dice) => differentiable([[dice.int(300)]], (x) => dropout(x, { rate: 0.3, rng: createRng(5) })),
  sgdUpdate(dice) {
    const options = { learningRate: dice.unit(), momentum: dice.unit(), nesterov: dice.coin(), weightDecay: dice.coin() ? dice.unit() : 0 };
    const moves = dice.coin();
    return update(dice, 3, (gradient, velocity, variable) => {
      const after = sgdUpdate({ gradient: gradient, variable: variable, ...(moves && { velocity: velocity }) }, options);
      return [after.update, ...(after.velocity ? [after.velocity] : [])];
    });
  },
  adamWUpdate(dice) {
    const moments = { beta1: dice.unit(), beta2: dice.unit(), epsilon: 1e-4 };
    const options = { learningRate: dice.unit(), count: dice.int(5) - 1, ...moments, weightDecay: dice.coin() ? dice.unit() : 0 };
    return update(dice, 4, (gradient, firstMoment, root, variable) => {
      const tensors = { gradient: gradient, firstMoment: firstMoment, secondMoment: tf.square(root), variable: variable };
      const after = adamWUpdate(tensors, options);
      return [after.update, after.firstMoment, after.secondMoment];
    });
  },
  larsUpdate(dice) {
    const options = { learningRate: dice.unit(), momentum: dice.unit(), weightDecay: dice.unit(), trustCoefficient: 0.1 };
    return update(dice, 3, (gradient, velocity, variable) => {
      const after = larsUpdate({ gradient: gradient, velocity: velocity, variable: variable }, options);
      return [after.update, after.velocity];
    });
  },
  emaUpdate(dice) {
    const momentum = dice.unit();
    return update(dice, 2, (old, fresh) => emaUpdate(old, fresh, momentum));
  },
  'conv2d, padded by numbers'(dice) {
    const [x, size, stride, padding] = [image(dice), dice.int(3), dice.int(2), dice.int(3) - 1];
    return differentiable([x, [size, size, x[3], dice.int(6)]], (input, filter) =>
      tf.conv2d(input as tf.Tensor4D, filter as tf.Tensor4D, stride, Math.max(padding, size - 2), 'NHWC', 1, 'floor'),
    );
  },
  "conv2d, 'same' and 'valid'"(dice) {
    const [x, size, stride, pad] = [image(dice), dice.int(2), dice.int(2), dice.coin() ? ('same' as const) : ('valid' as const)];
    return differentiable([x, [size, size, x[3], dice.int(6)]], (input, filter) =>
      tf.conv2d(input as tf.Tensor4D, filter as tf.Tensor4D, stride, pad),
    );
  },
  'depthwiseConv2d, padded by numbers'(dice) {
    const [x, size] = [image(dice), dice.int(3)];
    return differentiable([x, [size, size, x[3], dice.int(2)]], (input, filter) =>
      tf.depthwiseConv2d(input as tf.Tensor4D, filter as tf.Tensor4D, 1, size >> 1),
    );
  },
  'maxPool, padded by numbers': (dice) =>
    differentiable([image(dice)], (x) => tf.maxPool(x as tf.Tensor4D, 3, dice.int(1) + 1, 1, 'floor')),
};

const SEEDS = 30;

function diceOf(seed: number, name: string): Dice {
  const numbers = drawUniform(createRng(seed).fold(name), 5000);
  let next = 0;
  const unit = () => numbers[next++]!;
  return { int: (n) => 1 + Math.floor(unit() * n), unit: () => 0.05 + 0.9 * unit(), coin: () => unit() < 0.5 };
}

/** Outputs of a case on the current backend, then the gradients of Σ first output · weights. */
async function evaluate({ shapes, run, differentiate }: Case): Promise<Float32Array[]> {
  const draw = (tag: string, shape: Shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(drawNormal(createRng(6).fold(tag), size), [...shape]);
  };
  const inTensorflow = () => (tf.backend() as Partial<{ getNumOfTFTensors(): number }>).getNumOfTFTensors?.();
  const before = [tf.memory().numTensors, inTensorflow()];
  const results = tf.tidy(() => {
    const inputs = shapes.map((shape, i) => draw(`input ${i}`, shape));
    const list = (...args: tf.Tensor[]): tf.Tensor[] => {
      const made = run(...args);
      return made instanceof tf.Tensor ? [made] : [...made];
    };
    const outputs = list(...inputs);
    if (!differentiate) return outputs;
    const weights = draw('weights', outputs[0]!.shape);
    return [...outputs, ...tf.grads((...args) => tf.sum(tf.mul(list(...args)[0]!, weights)))(inputs)];
  });
  const read = await Promise.all(results.map(async (tensor) => Float32Array.from(await tensor.data())));
  tf.dispose(results);
  expect([tf.memory().numTensors, inTensorflow()]).toEqual(before);
  return read;
}

/** Why TensorFlow is not there, if it is not. */
async function whyNot(): Promise<string | undefined> {
  try {
    await selectBackend({ prefer: 'tensorflow' });
    return undefined;
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    return error.message;
  }
}

const reason = await whyNot();

describe.skipIf(reason !== undefined).each([true, false])(
  `the kernels on TensorFlow, compiled ones %o${reason === undefined ? '' : `, skipped: ${reason}`}`,
  (compiled) => {
    let registered: TensorflowKernels;
    beforeAll(async () => {
      await selectBackend({ prefer: 'cpu' });
      await selectBackend({ prefer: 'tensorflow' });
      registered = registerTensorflowKernels({ compiled });
    });
    afterAll(async () => {
      registered.dispose();
      await tf.setBackend('cpu');
    });

    it.each(Object.keys(makers))(`%s agrees with the cpu backend in ${SEEDS} random cases, gradients included`, async (name) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const results: Float32Array[][] = [];
        for (const backend of ['cpu', 'tensorflow']) {
          await tf.setBackend(backend);
          results.push(await evaluate(makers[name]!(diceOf(seed, name))));
        }
        const [expected, got] = results as [Float32Array[], Float32Array[]];
        expect(got.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
        expected.forEach((values, which) => {
          const size = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
          values.forEach((value, at) => {
            expect(Math.abs(value - got[which]![at]!) / size, `seed ${seed}, result ${which}, value ${at}`).toBeLessThan(3e-5);
          });
        });
      }
    });

    it('gives 0 for GELU at −∞, and keeps NaN', async () => {
      await tf.setBackend('tensorflow');
      for (const approximate of ['none', 'tanh'] as const) {
        const x = tf.tensor1d([-Infinity, -20, 20, NaN]);
        const [y, dx] = [gelu(x, { approximate }), tf.grad((t) => gelu(t, { approximate }))(x)];
        const values = [...(await y.data())];
        expect(values.slice(0, 3)).toEqual([expect.closeTo(0), expect.closeTo(0), 20]);
        expect(values[3]).toBeNaN();
        expect([...(await dx.data())].slice(0, 3)).toEqual([expect.closeTo(0), expect.closeTo(0), 1]);
        tf.dispose([x, y, dx]);
      }
    });

    it('refuses a label that is no class', async () => {
      await tf.setBackend('tensorflow');
      const [logits, labels] = [tf.zeros<tf.Rank.R2>([2, 3]), tf.tensor1d([0, 3], 'int32')];
      expect(() => softmaxCrossEntropy(logits, labels)).toThrow(/label/);
      tf.dispose([logits, labels]);
    });
  },
);

describe('registerTensorflowKernels', () => {
  it('says which backend it needs', async () => {
    await selectBackend({ prefer: 'cpu' });
    expect(() => registerTensorflowKernels()).toThrow(
      "registerTensorflowKernels: expected the backend 'tensorflow', got 'cpu'; import @tensorflow/tfjs-node and await tf.setBackend('tensorflow') first",
    );
  });
});

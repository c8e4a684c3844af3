import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

const shapeOf = (random: () => number): number[] =>
  pick(random, [[], [integer(random, 0, 40)], [integer(random, 1, 9), integer(random, 1, 9)]]);
const positive = (values: Values): Values => ({ ...values, values: values.values.map((v) => v * v) });
const float64 = (values: Values, f: (v: number, i: number) => number): Float64Array => Float64Array.from(values.values, f);
const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

describeKernel('gradient descent with momentum against float64', 'SelfsupSgdUpdate', (random) => {
  const shape = shapeOf(random);
  const [gradient, velocity, variable] = [signedValues(random, shape), signedValues(random, shape), signedValues(random, shape)];
  const [moves, decays] = [random() < 0.7, random() < 0.5];
  const attrs = { learningRate: random(), momentum: random(), weightDecay: random(), nesterov: random() < 0.5 };
  const d = float64(gradient, (g, i) => g + (decays ? attrs.weightDecay * variable.values[i]! : 0));
  const v = d.map((value, i) => attrs.momentum * velocity.values[i]! + value);
  const update = d.map((value, i) => -attrs.learningRate * (!moves ? value : attrs.nesterov ? value + attrs.momentum * v[i]! : v[i]!));
  const inputs = { gradient, ...(moves && { velocity }), ...(decays && { variable }) };
  return { inputs, attrs, expected: moves ? [update, v] : [update] };
});

describeKernel('AdamW against float64', 'SelfsupAdamWUpdate', (random) => {
  const shape = shapeOf(random);
  const [gradient, firstMoment, variable] = [signedValues(random, shape), signedValues(random, shape), signedValues(random, shape)];
  const secondMoment = positive(signedValues(random, shape));
  const decays = random() < 0.5;
  const attrs = {
    ...{
      learningRate: random(),
      beta1: pick(random, [0, 0.5, 0.9]),
      beta2: pick(random, [0.5, 0.999]),
      epsilon: pick(random, [1e-8, 1e-3]),
    },
    ...{ weightDecay: random(), count: integer(random, 0, 5) },
  };
  const m = float64(gradient, (g, i) => attrs.beta1 * firstMoment.values[i]! + (1 - attrs.beta1) * g);
  const v = float64(gradient, (g, i) => attrs.beta2 * secondMoment.values[i]! + (1 - attrs.beta2) * g * g);
  const corrected = (beta: number) => (attrs.count === 0 ? 1 : 1 - beta ** attrs.count);
  const update = m.map((moment, i) => {
    const direction = moment / corrected(attrs.beta1) / (Math.sqrt(v[i]! / corrected(attrs.beta2)) + attrs.epsilon);
    return -attrs.learningRate * (direction + (decays ? attrs.weightDecay * variable.values[i]! : 0));
  });
  return { inputs: { gradient, firstMoment, secondMoment, ...(decays && { variable }) }, attrs, expected: [update, m, v] };
});

describeKernel('LARS against float64', 'SelfsupLarsUpdate', (random) => {
  const shape = shapeOf(random);
  const zeros = (values: Values): Values => ({ ...values, values: new Float32Array(values.values.length) });
  const [gradient, velocity] = [signedValues(random, shape), signedValues(random, shape)];
  const variable = random() < 0.1 ? zeros(velocity) : signedValues(random, shape);
  const attrs = {
    ...{ learningRate: random(), momentum: random(), weightDecay: pick(random, [0, 0.3]), trustCoefficient: pick(random, [0.001, 0.5]) },
    ...{ epsilon: pick(random, [0, 1e-3]), splitNorms: random() < 0.5, rateInMomentum: random() < 0.5, clip: random() < 0.5 },
  };
  const d = float64(gradient, (g, i) => g + attrs.weightDecay * variable.values[i]!);
  const size = norm(variable.values);
  const own = norm(attrs.splitNorms ? gradient.values : d);
  let ratio = 1;
  if (size > 0 && own > 0) {
    ratio = (attrs.trustCoefficient * size) / (own + (attrs.splitNorms ? attrs.weightDecay * size : 0) + attrs.epsilon);
    if (attrs.clip) ratio = Math.min(ratio / attrs.learningRate, 1);
  }
  const v = d.map((value, i) => attrs.momentum * velocity.values[i]! + ratio * (attrs.rateInMomentum ? attrs.learningRate : 1) * value);
  const update = v.map((value) => -(attrs.rateInMomentum ? 1 : attrs.learningRate) * value);
  return { inputs: { gradient, velocity, variable }, attrs, expected: [update, v] };
});

describeKernel('exponential moving average against float64', 'SelfsupEmaUpdate', (random) => {
  const shape = shapeOf(random);
  const [old, fresh, momentum] = [signedValues(random, shape), signedValues(random, shape), pick(random, [0, 0.5, 0.996, 1])];
  return {
    inputs: { old, fresh },
    attrs: { momentum },
    expected: [float64(old, (v, i) => momentum * v + (1 - momentum) * fresh.values[i]!)],
  };
});

describe('optimizer kernels', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('write no input', async () => {
    const inputs = Object.fromEntries(
      ['gradient', 'velocity', 'variable', 'firstMoment', 'secondMoment', 'old', 'fresh'].map((name) => [name, tf.ones([5])] as const),
    );
    for (const name of ['SelfsupSgdUpdate', 'SelfsupAdamWUpdate', 'SelfsupLarsUpdate', 'SelfsupEmaUpdate']) {
      const attrs = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.1, count: 1 };
      tf.dispose(tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs));
    }
    for (const tensor of Object.values(inputs)) expect([...(await tensor.data())]).toEqual([1, 1, 1, 1, 1]);
    tf.dispose(inputs);
  });

  it('scale a LARS step whose squares exceed float32', async () => {
    const [big, zero] = [tf.fill([8], 1e25), tf.zeros([8])];
    const attrs = { learningRate: 1, momentum: 0, trustCoefficient: 0.01 };
    const [update, velocity] = tf
      .engine()
      .runKernel<tf.Tensor[]>('SelfsupLarsUpdate', { gradient: big, velocity: zero, variable: big }, attrs);
    for (const value of await update!.data()) expect(value / -1e23).toBeCloseTo(1, 5);
    tf.dispose([big, zero, update!, velocity!]);
  });

  it('name the input that does not fit', () => {
    const [three, two] = [tf.ones([3]), tf.ones([2])];
    const run = (name: string, inputs: tf.NamedTensorMap) => () => tf.engine().runKernel(name, inputs, {});
    expect(run('SelfsupSgdUpdate', { gradient: three, velocity: two })).toThrow(
      'SelfsupSgdUpdate: `velocity` must be float32 [3], got float32 [2]',
    );
    expect(run('SelfsupAdamWUpdate', { gradient: three, firstMoment: three })).toThrow('`secondMoment` must be float32 [3], got nothing');
    expect(run('SelfsupEmaUpdate', { old: two, fresh: three })).toThrow('`fresh` must be float32 [2], got float32 [3]');
    tf.dispose([three, two]);
  });
});

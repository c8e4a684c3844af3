// Operations that look at one element at a time: GELU, dropout, the updates of optimizers.
import { adamWUpdate, createRng, dropout, emaUpdate, gelu, larsUpdate, sgdUpdate } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { check, drawFor, hostile, type Case, type Draw } from '../test/compare.ts';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

const updates: Record<string, (draw: Draw, shape: number[]) => Omit<Case, 'title'>> = {
  sgdUpdate(draw, shape) {
    const options = { learningRate: draw.unit('rate'), momentum: draw.unit('momentum'), nesterov: draw.coin('nesterov') };
    const [moves, weightDecay] = [draw.coin('moves'), draw.coin('decays') ? draw.unit('decay') : 0];
    return {
      inputs: ['gradient', 'velocity', 'variable'].map((name) => draw.normal(name, shape)),
      run([gradient, velocity, variable]) {
        const tensors = { gradient: gradient!, variable: variable!, ...(moves && { velocity: velocity! }) };
        const { update, velocity: next } = sgdUpdate(tensors, { ...options, weightDecay });
        return next ? [update, next] : [update];
      },
    };
  },
  adamWUpdate(draw, shape) {
    const moments = { beta1: draw.unit('beta1'), beta2: draw.unit('beta2'), epsilon: 1e-4 };
    const weightDecay = draw.coin('decays') ? draw.unit('decay') : 0;
    const options = { learningRate: draw.unit('rate'), count: draw.whole('count', 0, 4), ...moments, weightDecay };
    return {
      inputs: ['gradient', 'firstMoment', 'root', 'variable'].map((name) => draw.normal(name, shape)),
      run([gradient, firstMoment, root, variable]) {
        const tensors = { gradient: gradient!, firstMoment: firstMoment!, secondMoment: tf.square(root!), variable: variable! };
        const after = adamWUpdate(tensors, options);
        return [after.update, after.firstMoment, after.secondMoment];
      },
    };
  },
  larsUpdate(draw, shape) {
    const numbers = { learningRate: draw.unit('rate'), momentum: draw.unit('momentum'), weightDecay: draw.unit('decay') };
    const norms = draw.coin('norms') ? ('split' as const) : ('sum' as const);
    const options = { ...numbers, trustCoefficient: 0.1, norms, rateInMomentum: draw.coin('inside'), clip: draw.coin('clip') };
    const noVariable = draw.whole('zero', 0, 4) === 0;
    return {
      inputs: ['gradient', 'velocity', 'variable'].map((name) => draw.normal(name, shape)),
      run([gradient, velocity, variable]) {
        const tensors = { gradient: gradient!, velocity: velocity!, variable: noVariable ? tf.zerosLike(variable!) : variable! };
        const after = larsUpdate(tensors, options);
        return [after.update, after.velocity];
      },
    };
  },
  emaUpdate: (draw, shape) => ({
    inputs: ['old', 'fresh'].map((name) => draw.normal(name, shape)),
    run: ([old, fresh]) => [emaUpdate(old!, fresh!, draw.unit('momentum'))],
  }),
};

describeOnGpu('operations on elements', () => {
  it.each(Object.entries(updates))('%s is that of the composed form in random cases', async (name, make) => {
    for (let seed = 1; seed <= 8; seed++) {
      const draw = drawFor(seed);
      const shape = [draw.whole('n', 1, 40), draw.whole('m', 1, 40)];
      await check({ title: `${name}, seed ${seed}`, ...make(draw, shape) });
    }
    for (const shape of [[30_011], [3, 3, 64, 64], []])
      await check({ title: `${name} [${shape.join(', ')}]`, ...make(drawFor(99), shape) });
  });

  it.each(['none', 'tanh'] as const)('gelu, %s: values and gradient, NaN and infinity', async (approximate) => {
    for (let seed = 1; seed <= 4; seed++) {
      const draw = drawFor(seed);
      const drawn = draw.normal('x', [draw.whole('n', 1, 700)]);
      const x = { ...drawn, values: drawn.values.map((value) => 4 * value) };
      const run: Case['run'] = ([input]) => gelu(input!, { approximate });
      await check({ title: `gelu ${approximate}, seed ${seed}`, inputs: [x], differentiate: 1, tolerance: 1e-6, run });
      await check({ title: `hostile gelu ${approximate}, seed ${seed}`, inputs: [hostile(draw, x)], differentiate: 1, run });
    }
  });

  it('dropout draws the mask of every other backend, bit by bit', async () => {
    for (const size of [1, 2, 3, 4, 5, 1027]) {
      const x = drawFor(size).normal('x', [size]);
      const run: Case['run'] = ([input]) => dropout(input!, { rate: 0.3, rng: createRng(size) });
      await check({ title: `dropout of ${size}`, inputs: [x], differentiate: 1, tolerance: 1e-6, run });
    }
  });

  it('takes float32 tensors whose numbers lie there as integers, which is how tfjs casts', async () => {
    await tf.setBackend('webgpu');
    const whole = tf.tensor1d([0, 1, -2, 3], 'int32');
    await whole.data(); // on the device from here on
    const x = tf.cast(whole, 'float32');
    const average = emaUpdate(x, x, 0.5);
    expect([...(await average.data())]).toEqual([0, 1, -2, 3]);
    tf.dispose([whole, x, average]);
  });
});

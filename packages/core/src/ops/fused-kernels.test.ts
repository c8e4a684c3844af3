// Each fused operation with the kernels of the wasm backend against its composed form on the cpu backend, values and gradients alike.
import '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels, type TrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawNormal, drawUniform } from '../draws.ts';
import { createRng, type Rng } from '../rng.ts';
import { adamWUpdate } from './adam-w-update.ts';
import { batchNormTraining } from './batch-norm.ts';
import { emaUpdate } from './ema-update.ts';
import { groupNorm } from './group-norm.ts';
import { l2Normalize } from './l2-normalize.ts';
import { larsUpdate } from './lars-update.ts';
import { sgdUpdate } from './sgd-update.ts';

interface Case {
  /** The kernels that must be there, or nothing is compared. */
  readonly kernels: readonly string[];
  /** Shapes of the inputs; all are drawn from a normal distribution. */
  readonly shapes: readonly (readonly number[])[];
  /** The operation; with `differentiate` the gradients of its first output are compared too. */
  readonly run: (inputs: tf.Tensor[]) => tf.Tensor[];
  readonly differentiate?: boolean;
}

const whole = (rng: Rng, low: number, high: number): number => Math.floor(drawUniform(rng, 1, { min: low, max: high + 1 - 1e-6 })[0]!);
const coin = (rng: Rng): boolean => drawUniform(rng, 1, { min: 0, max: 1 })[0]! < 0.5;
const unit = (rng: Rng): number => drawUniform(rng, 1, { min: 0.05, max: 0.95 })[0]!;

const makers: Record<string, (rng: Rng) => Case> = {
  batchNormTraining(rng) {
    const shape = [whole(rng.fold('n'), 1, 4), whole(rng.fold('h'), 2, 9), whole(rng.fold('w'), 1, 9), whole(rng.fold('c'), 1, 11)];
    const [withResidual, activation] = [coin(rng.fold('residual')), coin(rng.fold('relu')) ? ('relu' as const) : ('linear' as const)];
    return {
      kernels: ['SelfsupBatchNorm', 'SelfsupBatchNormGrad'],
      shapes: [shape, [shape[3]!], [shape[3]!], ...(withResidual ? [shape] : [])],
      differentiate: true,
      run([x, scale, offset, residual]) {
        const parameters = { scale: scale!, offset: offset!, activation, epsilon: 1e-3, ...(residual && { residual }) };
        const { y, mean, variance } = batchNormTraining(x!, parameters);
        return [y, mean, variance];
      },
    };
  },
  groupNorm(rng) {
    const numGroups = whole(rng.fold('g'), 1, 4);
    const channels = numGroups * whole(rng.fold('c'), 1, 5);
    const shape = [whole(rng.fold('n'), 1, 4), whole(rng.fold('h'), 2, 9), whole(rng.fold('w'), 2, 9), channels];
    return {
      kernels: ['SelfsupGroupNorm', 'SelfsupGroupNormGrad'],
      shapes: [shape, [channels], [channels]],
      differentiate: true,
      run: ([x, scale, offset]) => [groupNorm(x!, { scale: scale!, offset: offset!, numGroups, epsilon: 1e-3 })],
    };
  },
  l2Normalize(rng) {
    return {
      kernels: ['SelfsupL2Normalize', 'SelfsupL2NormalizeGrad'],
      shapes: [[whole(rng.fold('n'), 1, 9), whole(rng.fold('c'), 1, 40)]],
      differentiate: true,
      run: ([x]) => [l2Normalize(x!, { epsilon: coin(rng.fold('epsilon')) ? 1e-12 : 1 })],
    };
  },
  sgdUpdate(rng) {
    const shape = [whole(rng.fold('n'), 1, 30)];
    const options = { learningRate: unit(rng.fold('rate')), nesterov: coin(rng.fold('nesterov')), momentum: unit(rng.fold('momentum')) };
    const [moves, weightDecay] = [coin(rng.fold('moves')), coin(rng.fold('decays')) ? unit(rng.fold('decay')) : 0];
    return {
      kernels: ['SelfsupSgdUpdate'],
      shapes: [shape, shape, shape],
      run([gradient, velocity, variable]) {
        const tensors = { gradient: gradient!, variable: variable!, ...(moves && { velocity: velocity! }) };
        const { update, velocity: next } = sgdUpdate(tensors, { ...options, weightDecay });
        return [update, ...(next ? [next] : [])];
      },
    };
  },
  adamWUpdate(rng) {
    const shape = [whole(rng.fold('n'), 1, 30)];
    const moments = { beta1: unit(rng.fold('beta1')), beta2: unit(rng.fold('beta2')), epsilon: 1e-4 };
    const weightDecay = coin(rng.fold('decays')) ? unit(rng.fold('decay')) : 0;
    const options = { learningRate: unit(rng.fold('rate')), count: whole(rng.fold('count'), 0, 4), ...moments, weightDecay };
    return {
      kernels: ['SelfsupAdamWUpdate'],
      shapes: [shape, shape, shape, shape],
      run([gradient, firstMoment, root, variable]) {
        const tensors = { gradient: gradient!, firstMoment: firstMoment!, secondMoment: tf.square(root!), variable: variable! };
        const after = adamWUpdate(tensors, options);
        return [after.update, after.firstMoment, after.secondMoment];
      },
    };
  },
  larsUpdate(rng) {
    const shape = [whole(rng.fold('n'), 1, 30)];
    const numbers = { learningRate: unit(rng.fold('rate')), momentum: unit(rng.fold('momentum')), weightDecay: unit(rng.fold('decay')) };
    const norms = coin(rng.fold('norms')) ? ('split' as const) : ('sum' as const);
    const options = { ...numbers, trustCoefficient: 0.1, norms, rateInMomentum: coin(rng.fold('inside')), clip: coin(rng.fold('clip')) };
    const noVariable = coin(rng.fold('zero')) && coin(rng.fold('zero too'));
    return {
      kernels: ['SelfsupLarsUpdate'],
      shapes: [shape, shape, shape],
      run([gradient, velocity, variable]) {
        const tensors = { gradient: gradient!, velocity: velocity!, variable: noVariable ? tf.zerosLike(variable!) : variable! };
        const after = larsUpdate(tensors, options);
        return [after.update, after.velocity];
      },
    };
  },
  emaUpdate(rng) {
    const shape = [whole(rng.fold('n'), 1, 30)];
    return {
      kernels: ['SelfsupEmaUpdate'],
      shapes: [shape, shape],
      run: ([old, fresh]) => [emaUpdate(old!, fresh!, unit(rng.fold('momentum')))],
    };
  },
};

/** Outputs, then gradients of Σ first output · weights. */
async function evaluate(backend: string, { shapes, run, differentiate = false }: Case, rng: Rng): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const draw = (tag: string, shape: readonly number[]) =>
    tf.tensor(
      drawNormal(
        rng.fold(tag),
        shape.reduce((a, b) => a * b, 1),
      ),
      [...shape],
    );
  const results = tf.tidy(() => {
    const inputs = shapes.map((shape, i) => draw(`input ${i}`, shape));
    const outputs = run(inputs);
    if (!differentiate) return outputs;
    const weights = draw('weights', outputs[0]!.shape);
    return [...outputs, ...tf.grads((...args) => tf.sum(tf.mul(run(args)[0]!, weights)))(inputs)];
  });
  const read = await Promise.all(results.map(async (tensor) => (await tensor.data()) as Float32Array));
  tf.dispose(results);
  return read;
}

// the engine's best build, which Node 20 makes the plain one, and the plain one
describe.each([{}, { simd: 'plain' }] as const)('fused operations, build %o', (build) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    await tf.setBackend('wasm');
    registration = await registerTrainingKernels(build);
  });
  afterAll(async () => {
    registration.dispose();
    await tf.setBackend('cpu');
  });

  it.each(Object.entries(makers))('%s: kernels and composed form agree in 60 random cases', async (name, make) => {
    for (let seed = 0; seed < 60; seed++) {
      const rng = createRng(seed).fold(name);
      const one = make(rng);
      for (const kernel of one.kernels) expect(registration.kernels).toContain(kernel);
      const [expected, got] = [await evaluate('cpu', one, rng), await evaluate('wasm', one, rng)];
      expect(got.length).toBe(expected.length);
      expected.forEach((values, i) => {
        const size = Math.max(1, ...values.map(Math.abs));
        got[i]!.forEach((value, at) => {
          expect(Math.abs(value - values[at]!) / size, `seed ${seed}, result ${i}, value ${at}`).toBeLessThan(3e-5);
        });
      });
    }
  });
});

import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { input, numbers, requireShapes } from './operands.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

/** A program for each combination of optional inputs. */
const variants = <T>(make: (velocity: boolean, variable: boolean) => T) =>
  [false, true].map((velocity) => [false, true].map((variable) => make(velocity, variable)));

const sgd = variants((velocity, variable) =>
  elementwise({
    name: `SelfsupSgdUpdate${velocity ? ' velocity' : ''}${variable ? ' variable' : ''}`,
    inputs: { gradient: 'f32', ...(velocity && { velocity: 'f32' }), ...(variable && { variable: 'f32' }) },
    outputs: ['update', ...(velocity ? ['next'] : [])],
    uniforms: { learningRate: 'f32', momentum: 'f32', weightDecay: 'f32', ahead: 'u32' },
    body: `
  let direction = gradient[i]${variable ? ' + u.weightDecay * variable[i]' : ''};
  ${
    velocity
      ? `let moved = u.momentum * velocity[i] + direction;
  next[i] = moved;
  update[i] = -u.learningRate * select(moved, direction + u.momentum * moved, u.ahead == 1u);`
      : 'update[i] = -u.learningRate * direction;'
  }`,
  }),
);

const adamW = [false, true].map((variable) =>
  elementwise({
    name: `SelfsupAdamWUpdate${variable ? ' variable' : ''}`,
    inputs: { gradient: 'f32', firstMoment: 'f32', secondMoment: 'f32', ...(variable && { variable: 'f32' }) },
    outputs: ['update', 'nextFirst', 'nextSecond'],
    uniforms: {
      ...({ learningRate: 'f32', beta1: 'f32', rest1: 'f32', beta2: 'f32', rest2: 'f32' } as const),
      ...({ epsilon: 'f32', forMoment: 'f32', weightDecay: 'f32' } as const),
    },
    body: `
  let g = gradient[i];
  let m = u.beta1 * firstMoment[i] + u.rest1 * g;
  let v = u.beta2 * secondMoment[i] + u.rest2 * (g * g);
  nextFirst[i] = m;
  nextSecond[i] = v;
  let direction = m * u.forMoment / (sqrt(v) + u.epsilon)${variable ? ' + u.weightDecay * variable[i]' : ''};
  update[i] = -u.learningRate * direction;`,
  }),
);

const ema = elementwise({
  name: 'SelfsupEmaUpdate',
  inputs: { old: 'f32', fresh: 'f32' },
  outputs: ['average'],
  uniforms: { momentum: 'f32', rest: 'f32' },
  body: 'average[i] = u.momentum * old[i] + u.rest * fresh[i];',
});

const moving = elementwise({
  name: 'SelfsupMovingStatistics',
  inputs: { mean: 'f32', variance: 'f32', batchMean: 'f32', batchVariance: 'f32' },
  outputs: ['nextMean', 'nextVariance'],
  uniforms: { momentum: 'f32', rest: 'f32', correction: 'f32' },
  body: `
  nextMean[i] = u.momentum * mean[i] + u.rest * batchMean[i];
  nextVariance[i] = u.momentum * variance[i] + u.rest * (batchVariance[i] * u.correction);`,
});

/** Checks that the named inputs, those that are there, have one shape, and returns them with it. */
function alike(kernelName: string, inputs: NamedTensorInfoMap, names: readonly string[]): { shape: number[]; operands: TensorInfo[] } {
  const { shape } = input(inputs, names[0]!);
  requireShapes(kernelName, inputs, Object.fromEntries(names.map((name) => [name, shape])));
  return { shape, operands: names.map((name) => input(inputs, name)) };
}

/** The uniforms of a step of Adam. Where `count` is 0 nothing is corrected. */
function adamWUniforms(attrs: NamedAttrMap) {
  const options = numbers(attrs, { learningRate: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, count: 0 });
  const { learningRate, beta1, beta2, weightDecay, count } = options;
  // m̂/(√v̂ + ε) = m · s / (√v + ε · r) with r = √(1 − β₂ᵗ), s = r/(1 − β₁ᵗ)
  const root = count > 0 ? Math.sqrt(1 - beta2 ** count) : 1;
  const forMoment = count > 0 ? root / (1 - beta1 ** count) : 1;
  return { learningRate, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, epsilon: options.epsilon * root, forMoment, weightDecay };
}

/**
 * Updates of optimizers. An update is what is added to the variable; all outputs are new tensors.
 *
 * SelfsupSgdUpdate: inputs `gradient`, optionally `velocity` and `variable`, attributes `learningRate`, `momentum`, `weightDecay`, `nesterov` →
 * `[update, velocity]`, without `velocity` `[update]`.
 * SelfsupAdamWUpdate: inputs `gradient`, `firstMoment`, `secondMoment`, optionally `variable`, attributes `learningRate`, `beta1`, `beta2`, `epsilon`,
 * `weightDecay` and `count`, the updates including this one, or 0 for no bias correction → `[update, firstMoment, secondMoment]`.
 * SelfsupEmaUpdate: inputs `old`, `fresh`, attribute `momentum` → momentum · old + (1 − momentum) · fresh.
 * SelfsupMovingStatistics: inputs `mean`, `variance`, `batchMean`, `batchVariance`, attributes `momentum` and `correction` → `[mean, variance]`, the averages
 * as above, the batch's variance times `correction`.
 */
export function optimizerKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupSgdUpdate(inputs, attrs) {
      const optional = ['velocity', 'variable'].filter((name) => inputs[name]);
      const { shape, operands } = alike('SelfsupSgdUpdate', inputs, ['gradient', ...optional]);
      const [velocity, variable] = [Number(optional.includes('velocity')), Number(optional.includes('variable'))];
      const uniforms = { ...numbers(attrs, { learningRate: 0, momentum: 0, weightDecay: 0 }), ahead: Number(attrs['nesterov'] === true) };
      return produce(runtime, velocity ? [shape, shape] : [shape], (outputs) => {
        sgd[velocity]![variable]!(runtime, { inputs: operands, outputs, uniforms });
      });
    },
    SelfsupAdamWUpdate(inputs, attrs) {
      const optional = inputs['variable'] ? ['variable'] : [];
      const { shape, operands } = alike('SelfsupAdamWUpdate', inputs, ['gradient', 'firstMoment', 'secondMoment', ...optional]);
      return produce(runtime, [shape, shape, shape], (outputs) => {
        adamW[optional.length]!(runtime, { inputs: operands, outputs, uniforms: adamWUniforms(attrs) });
      });
    },
    SelfsupEmaUpdate(inputs, attrs) {
      const { shape, operands } = alike('SelfsupEmaUpdate', inputs, ['old', 'fresh']);
      const { momentum } = numbers(attrs, { momentum: 0 });
      return produce(runtime, [shape], (outputs) => {
        ema(runtime, { inputs: operands, outputs, uniforms: { momentum, rest: 1 - momentum } });
      })[0]!;
    },
    SelfsupMovingStatistics(inputs, attrs) {
      const names = ['mean', 'variance', 'batchMean', 'batchVariance'];
      const { shape, operands } = alike('SelfsupMovingStatistics', inputs, names);
      const { momentum, correction } = numbers(attrs, { momentum: 0, correction: 1 });
      return produce(runtime, [shape, shape], (outputs) => {
        moving(runtime, { inputs: operands, outputs, uniforms: { momentum, rest: 1 - momentum, correction } });
      });
    },
  };
}

import { type NamedAttrMap, type NamedTensorInfoMap, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input, produceAll, type KernelTable, type Runtime } from './runtime.ts';

/** Checks that the named inputs are float32 of one shape, and returns it. */
function shapeOf(kernelName: string, inputs: NamedTensorInfoMap, names: readonly string[]): number[] {
  const { shape } = input(inputs, names[0]!);
  for (const name of names) {
    const given = inputs[name];
    if (given?.dtype === 'float32' && util.arraysEqual(given.shape, shape)) continue;
    const got = given ? `${given.dtype} [${given.shape.join(', ')}]` : 'nothing';
    throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`${name}\` must be float32 [${shape.join(', ')}], got ${got}`);
  }
  return shape;
}

const numbers = <K extends string>(attrs: NamedAttrMap, defaults: Readonly<Record<K, number>>): Record<K, number> => {
  const entries = Object.entries<number>(defaults).map(([name, value]) => [name, (attrs[name] as number | undefined) ?? value]);
  return Object.fromEntries(entries) as Record<K, number>;
};
const flag = (attrs: NamedAttrMap, name: string): number => (attrs[name] === true ? 1 : 0);

/**
 * Updates of optimizers. An update is what is added to the variable; all outputs are new tensors.
 *
 * SelfsupSgdUpdate: inputs `gradient`, optionally `velocity` and `variable`, attributes `learningRate`, `momentum`, `weightDecay`, `nesterov` →
 * `[update, velocity]`, without `velocity` `[update]`.
 * SelfsupAdamWUpdate: inputs `gradient`, `firstMoment`, `secondMoment`, optionally `variable`, attributes `learningRate`, `beta1`, `beta2`, `epsilon`,
 * `weightDecay` and `count`, the updates including this one, or 0 for no bias correction → `[update, firstMoment, secondMoment]`.
 * SelfsupLarsUpdate: inputs `gradient`, `velocity`, `variable`, attributes `learningRate`, `momentum`, `weightDecay`, `trustCoefficient`, `epsilon`,
 * `splitNorms`, `rateInMomentum`, `clip` → `[update, velocity]`.
 * SelfsupEmaUpdate: inputs `old`, `fresh`, attribute `momentum` → momentum · old + (1 − momentum) · fresh.
 */
export function optimizerKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const at = (inputs: NamedTensorInfoMap, name: string): number => (inputs[name] ? runtime.offset(inputs[name]) : 0);
  return {
    SelfsupSgdUpdate(inputs, attrs) {
      const optional = ['velocity', 'variable'].filter((name) => inputs[name]);
      const shape = shapeOf('SelfsupSgdUpdate', inputs, ['gradient', ...optional]);
      const { learningRate, momentum, weightDecay } = numbers(attrs, { learningRate: 0, momentum: 0, weightDecay: 0 });
      return produceAll(runtime, inputs['velocity'] ? [shape, shape] : [shape], (update, next = 0) => {
        const [gradient, velocity, variable] = [at(inputs, 'gradient'), at(inputs, 'velocity'), at(inputs, 'variable')];
        const count = util.sizeFromShape(shape);
        const nesterov = flag(attrs, 'nesterov');
        kernels.sgdUpdate(gradient, velocity, variable, update, next, count, learningRate, momentum, weightDecay, nesterov);
      });
    },
    SelfsupAdamWUpdate(inputs, attrs) {
      const optional = inputs['variable'] ? ['variable'] : [];
      const shape = shapeOf('SelfsupAdamWUpdate', inputs, ['gradient', 'firstMoment', 'secondMoment', ...optional]);
      const options = numbers(attrs, { learningRate: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, count: 0 });
      const { learningRate, beta1, beta2, epsilon, weightDecay, count } = options;
      // m̂/(√v̂ + ε) = m · s / (√v + ε · r) with r = √(1 − β₂ᵗ), s = r/(1 − β₁ᵗ)
      const root = count > 0 ? Math.sqrt(1 - beta2 ** count) : 1;
      const forMoment = count > 0 ? root / (1 - beta1 ** count) : 1;
      return produceAll(runtime, [shape, shape, shape], (update, nextFirst, nextSecond) => {
        const [gradient, first, second] = [at(inputs, 'gradient'), at(inputs, 'firstMoment'), at(inputs, 'secondMoment')];
        const [variable, size] = [at(inputs, 'variable'), util.sizeFromShape(shape)];
        kernels.adamWUpdate(
          ...([gradient, first, second, variable, update, nextFirst, nextSecond, size] as const),
          ...([learningRate, beta1, beta2, epsilon * root, forMoment, weightDecay] as const),
        );
      });
    },
    SelfsupLarsUpdate(inputs, attrs) {
      const shape = shapeOf('SelfsupLarsUpdate', inputs, ['gradient', 'velocity', 'variable']);
      const options = numbers(attrs, { learningRate: 0, momentum: 0.9, weightDecay: 0, trustCoefficient: 0.001, epsilon: 0 });
      const { learningRate, momentum, weightDecay, trustCoefficient, epsilon } = options;
      return produceAll(runtime, [shape, shape], (update, next) => {
        const [gradient, velocity, variable] = [at(inputs, 'gradient'), at(inputs, 'velocity'), at(inputs, 'variable')];
        const flags = [flag(attrs, 'splitNorms'), flag(attrs, 'rateInMomentum'), flag(attrs, 'clip')] as const;
        kernels.larsUpdate(
          ...([gradient, velocity, variable, update, next, util.sizeFromShape(shape)] as const),
          ...([learningRate, momentum, weightDecay, trustCoefficient, epsilon] as const),
          ...flags,
        );
      });
    },
    SelfsupEmaUpdate(inputs, attrs) {
      const shape = shapeOf('SelfsupEmaUpdate', inputs, ['old', 'fresh']);
      const { momentum } = numbers(attrs, { momentum: 0 });
      return produceAll(runtime, [shape], (to) => {
        kernels.emaUpdate(at(inputs, 'old'), at(inputs, 'fresh'), to, util.sizeFromShape(shape), momentum);
      })[0]!;
    },
  };
}

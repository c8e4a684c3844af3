import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { integer, pick, signedValues, type Values } from '../wasm-under-test.ts';

type Random = () => number;

const shapeOf = (random: Random): number[] =>
  pick(random, [[], [integer(random, 0, 40)], [integer(random, 1, 9), integer(random, 1, 9)], [integer(random, 990, 1010)]]);
const float64 = (values: Values, f: (v: number, i: number) => number): Float64Array => Float64Array.from(values.values, f);
const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

function sgd(random: Random): KernelCase {
  const shape = shapeOf(random);
  const [gradient, velocity, variable] = [anyValues(random, shape), anyValues(random, shape), anyValues(random, shape)];
  const [moves, decays] = [random() < 0.7, random() < 0.5];
  const attrs = { learningRate: random(), momentum: random(), weightDecay: random(), nesterov: random() < 0.5 };
  const step = (of: (v: number) => number, rate: number): [update: Float64Array, velocity: Float64Array] => {
    const d = float64(gradient, (g, i) => of(g) + (decays ? attrs.weightDecay * of(variable.values[i]!) : 0));
    const v = d.map((value, i) => attrs.momentum * of(velocity.values[i]!) + value);
    return [d.map((value, i) => rate * (!moves ? value : attrs.nesterov ? value + attrs.momentum * v[i]! : v[i]!)), v];
  };
  const inputs = { gradient, ...(moves && { velocity }), ...(decays && { variable }) };
  const outputs = moves ? 2 : 1;
  return {
    inputs,
    attrs,
    expected: step((v) => v, -attrs.learningRate).slice(0, outputs),
    magnitude: step(Math.abs, attrs.learningRate).slice(0, outputs),
  };
}

/** The smallest normal number of float32: below it a moment, times the correction of the root, has lost digits, which a small epsilon makes visible. */
const NORMAL = 1.2e-38;

function adamW(random: Random): KernelCase {
  const shape = shapeOf(random);
  const [gradient, firstMoment, variable] = [anyValues(random, shape), anyValues(random, shape), anyValues(random, shape)];
  const roots = anyValues(random, shape);
  const secondMoment = { ...roots, values: roots.values.map((v) => v * v) };
  const decays = random() < 0.5;
  const attrs = {
    learningRate: random(),
    beta1: pick(random, [0, 0.5, 0.9]),
    beta2: pick(random, [0.5, 0.999]),
    epsilon: pick(random, [1e-8, 1e-3]),
    weightDecay: random(),
    count: integer(random, 0, 5),
  };
  const corrected = (beta: number) => (attrs.count === 0 ? 1 : 1 - beta ** attrs.count);
  const v = float64(gradient, (g, i) => attrs.beta2 * secondMoment.values[i]! + (1 - attrs.beta2) * g * g);
  const step = (of: (v: number) => number, rate: number, lost: number): [update: Float64Array, moment: Float64Array] => {
    const m = float64(gradient, (g, i) => attrs.beta1 * of(firstMoment.values[i]!) + (1 - attrs.beta1) * of(g));
    const update = m.map((moment, i) => {
      const direction =
        (moment + lost / Math.sqrt(corrected(attrs.beta2))) /
        corrected(attrs.beta1) /
        (Math.sqrt(v[i]! / corrected(attrs.beta2)) + attrs.epsilon);
      return rate * (direction + (decays ? attrs.weightDecay * of(variable.values[i]!) : 0));
    });
    return [update, m];
  };
  return {
    inputs: { gradient, firstMoment, secondMoment, ...(decays && { variable }) },
    attrs,
    expected: [...step((x) => x, -attrs.learningRate, 0), v],
    magnitude: [...step(Math.abs, attrs.learningRate, NORMAL), v],
  };
}

/** LARS multiplies by a ratio of norms in float32: the sizes differ as far as that ratio stays within it, so there are no denormals. */
function lars(random: Random): KernelCase {
  const shape = shapeOf(random);
  const sized = (): Values => {
    const { values } = signedValues(random, shape);
    const size = pick(random, [1, 1, 1e-6, 1e6, 1e-12, 1e12]);
    return { shape, values: values.map((v) => v * size) };
  };
  const [gradient, velocity] = [sized(), sized()];
  const variable = random() < 0.1 ? { shape, values: new Float32Array(velocity.values.length) } : sized();
  const attrs = {
    learningRate: random() + 0.01,
    momentum: random(),
    weightDecay: pick(random, [0, 0.3]),
    trustCoefficient: pick(random, [0.001, 0.5]),
    epsilon: pick(random, [0, 1e-3]),
    splitNorms: random() < 0.5,
    rateInMomentum: random() < 0.5,
    clip: random() < 0.5,
  };
  const d = float64(gradient, (g, i) => g + attrs.weightDecay * variable.values[i]!);
  const size = norm(variable.values);
  const own = norm(attrs.splitNorms ? gradient.values : d);
  let ratio = 1;
  if (size > 0 && own > 0) {
    ratio = (attrs.trustCoefficient * size) / (own + (attrs.splitNorms ? attrs.weightDecay * size : 0) + attrs.epsilon);
    if (attrs.clip) ratio = Math.min(ratio / attrs.learningRate, 1);
  }
  const forGradient = ratio * (attrs.rateInMomentum ? attrs.learningRate : 1);
  const forVelocity = attrs.rateInMomentum ? 1 : attrs.learningRate;
  const v = d.map((value, i) => attrs.momentum * velocity.values[i]! + forGradient * value);
  const terms = v.map((_, i) => {
    const [g, w] = [Math.abs(gradient.values[i]!), Math.abs(variable.values[i]!)];
    return attrs.momentum * Math.abs(velocity.values[i]!) + forGradient * (g + attrs.weightDecay * w);
  });
  return {
    inputs: { gradient, velocity, variable },
    attrs,
    expected: [v.map((value) => -forVelocity * value), v],
    magnitude: [terms.map((value) => forVelocity * value), terms],
  };
}

function movingAverage(random: Random): KernelCase {
  const shape = shapeOf(random);
  const [old, fresh, momentum] = [anyValues(random, shape), anyValues(random, shape), pick(random, [0, 0.5, 0.996, 1])];
  const mixed = (of: (v: number) => number) => float64(old, (v, i) => momentum * of(v) + (1 - momentum) * of(fresh.values[i]!));
  return { inputs: { old, fresh }, attrs: { momentum }, expected: [mixed((v) => v)], magnitude: [mixed(Math.abs)] };
}

const options = { measure: 'elements' } as const;

/** Updates of optimizers, each element by itself. */
export const optimizerCases: readonly CaseMaker[] = [
  { title: 'gradient descent with momentum against float64', kernel: 'SelfsupSgdUpdate', make: sgd, ...options },
  { title: 'AdamW against float64', kernel: 'SelfsupAdamWUpdate', make: adamW, ...options },
  { title: 'LARS against float64', kernel: 'SelfsupLarsUpdate', make: lars, ...options },
  { title: 'exponential moving average against float64', kernel: 'SelfsupEmaUpdate', make: movingAverage, ...options },
];

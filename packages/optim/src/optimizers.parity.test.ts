import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { Gradients } from '@selfsup/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adamW } from './adam-w.ts';
import { chain } from './chain.ts';
import { clipByGlobalNorm } from './clip-by-global-norm.ts';
import { clipByNorm } from './clip-by-norm.ts';
import type { GradientTransform } from './gradient-transform.ts';
import { lars } from './lars.ts';
import { sgd } from './sgd.ts';
import { noDecayOnNorms } from './variable-mask.ts';

interface Options {
  momentum?: number;
  nesterov?: boolean;
  weight_decay?: number;
  betas?: [number, number];
  eps?: number;
  masked?: boolean;
  maxNorm?: number;
  maxNormEach?: number;
  decaying?: boolean;
  biasCorrection?: boolean;
  trustCoefficient?: number;
  norms?: 'split' | 'sum';
  rateInMomentum?: boolean;
  clip?: boolean;
  epsilon?: number;
  everything?: boolean;
}
type Name = 'sgd' | 'adamW' | 'lars';
type Values = Record<string, number[]>;
interface Fixture {
  shapes: Record<string, number[]>;
  rates: number[];
  decays: number[];
  start: Values;
  gradients: Record<string, number[] | null>[];
  cases: { optimizer: Name; options: Options; trajectory: Values[] }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/optimizers.json', import.meta.url), 'utf8')) as Fixture;

function build(optimizer: Name, options: Options): GradientTransform {
  const {
    momentum = 0,
    nesterov = false,
    weight_decay: weightDecay = 0,
    betas = [0.9, 0.999],
    eps = 1e-8,
    masked,
    maxNorm,
    maxNormEach,
  } = options;
  const common = {
    learningRate: (step: number) => fixture.rates[step]!,
    weightDecay,
    ...(masked && { mask: noDecayOnNorms }),
  };
  const { trustCoefficient, norms, rateInMomentum, clip, epsilon, everything, biasCorrection = true } = options;
  const larsOptions = Object.fromEntries(
    Object.entries({ trustCoefficient, norms, rateInMomentum, clip, epsilon, ...(everything && { mask: () => true }) }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const transform = {
    sgd: () => sgd({ ...common, momentum, nesterov }),
    adamW: () =>
      adamW({
        ...common,
        ...(options.decaying && { weightDecay: (step: number) => fixture.decays[step]! }),
        beta1: betas[0],
        beta2: betas[1],
        epsilon: eps,
        biasCorrection,
      }),
    lars: () => lars({ ...common, momentum, ...larsOptions }),
  }[optimizer]();
  if (maxNormEach) return chain(clipByNorm(maxNormEach), transform);
  return maxNorm ? chain(clipByGlobalNorm(maxNorm), transform) : transform;
}

describe.each(['cpu', 'wasm'])('optimizers against torch.optim, and against definitions in float64, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(fixture.cases)('$optimizer $options', async ({ optimizer, options, trajectory }) => {
    const paths = Object.keys(fixture.shapes);
    const toTensor = (values: number[], path: string) => tf.tensor(values, fixture.shapes[path]);
    const variables = tf.tidy(() =>
      Object.fromEntries(paths.map((path) => [path, tf.variable(toTensor(fixture.start[path]!, path))] as const)),
    );
    const state = build(optimizer, options).init(variables);
    let largest = 0;
    for (const [step, expected] of trajectory.entries()) {
      tf.tidy(() => {
        const gradients: Gradients = Object.fromEntries(
          Object.entries(fixture.gradients[step]!).map(([path, values]) => [path, values && toTensor(values, path)] as const),
        );
        const updates = state.update(gradients, { step, variables });
        for (const [path, update] of Object.entries(updates)) if (update) variables[path]!.assign(tf.add(variables[path]!, update));
      });
      for (const path of paths) {
        const values = await variables[path]!.data();
        expected[path]!.forEach((value, i) => (largest = Math.max(largest, Math.abs(values[i]! - value) / Math.max(1, Math.abs(value)))));
      }
    }
    expect(largest).toBeLessThan(1e-6);
    state.dispose();
    tf.dispose(Object.values(variables));
  });
});

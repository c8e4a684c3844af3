import * as tf from '@tensorflow/tfjs-core';
import type { Gradients } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { chain } from './chain.ts';
import { clipByGlobalNorm } from './clip-by-global-norm.ts';
import { lars, type LarsOptions } from './lars.ts';

/** The update of one step on a kernel and a bias. */
async function step(options: Omit<LarsOptions, 'learningRate'>, values: { kernel: number[]; bias: number[]; gradient: number[] }) {
  const variables = tf.tidy(() => ({
    kernel: tf.variable(tf.tensor2d(values.kernel, [1, 2])),
    bias: tf.variable(tf.tensor1d(values.bias)),
  }));
  const state = lars({ learningRate: 0.5, momentum: 0, ...options }).init(variables);
  const updates = tf.tidy(() => {
    const gradients: Gradients = { kernel: tf.tensor2d(values.gradient, [1, 2]), bias: tf.tensor1d(values.gradient) };
    const { kernel, bias } = state.update(gradients, { step: 0, variables });
    return { kernel: kernel!, bias: bias! };
  });
  const read = { kernel: [...(await updates.kernel.data())], bias: [...(await updates.bias.data())] };
  state.dispose();
  tf.dispose([variables, updates]);
  return read;
}

const close = (got: number[], expected: number[]) => {
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
};

describe('lars', () => {
  const values = { kernel: [3, 4], bias: [3, 4], gradient: [0, 2] };

  it('scales a step by the ratio of the norms, 5 : 2, whatever the size of the gradient', async () => {
    const { kernel } = await step({ trustCoefficient: 0.01 }, values);
    close(kernel, [0, -0.5 * 0.01 * (5 / 2) * 2]);
    const { kernel: larger } = await step({ trustCoefficient: 0.01 }, { ...values, gradient: [0, 2000] });
    close(larger, kernel);
  });

  it('spares biases of decay and ratio, unless told otherwise', async () => {
    const options = { trustCoefficient: 0.01, weightDecay: 0.1 };
    close((await step(options, values)).bias, [0, -0.5 * 2]);
    const { bias, kernel } = await step({ ...options, mask: () => true }, values);
    close(bias, kernel);
    close(kernel, [-0.5 * 0.01 * (5 / 2.5) * 0.3, -0.5 * 0.01 * (5 / 2.5) * 2.4]);
  });

  it('takes the ratio of the decayed gradient with norms: sum', async () => {
    const { kernel } = await step({ trustCoefficient: 0.01, weightDecay: 0.1, norms: 'sum' }, values);
    const ratio = (0.01 * 5) / Math.hypot(0.3, 2.4);
    close(kernel, [-0.5 * ratio * 0.3, -0.5 * ratio * 2.4]);
  });

  it('takes plain steps where a norm is 0, so that a zero variable can leave zero', async () => {
    close((await step({}, { ...values, kernel: [0, 0] })).kernel, [0, -1]);
    close((await step({}, { ...values, gradient: [0, 0] })).kernel, [0, 0]);
  });

  it('clips the ratio at the rate', async () => {
    close((await step({ trustCoefficient: 0.01, clip: true }, values)).kernel, [0, -0.01 * (5 / 2) * 2]);
    close((await step({ trustCoefficient: 1, clip: true }, values)).kernel, [0, -0.5 * 2]);
  });

  it('lets a change of rate act on the whole velocity, or only on what comes after it', () => {
    const run = (rateInMomentum: boolean) => {
      const variables = tf.tidy(() => ({ kernel: tf.variable(tf.ones([1, 4])) }));
      const state = lars({ learningRate: (at) => (at === 0 ? 1 : 0), momentum: 0.5, trustCoefficient: 0.1, rateInMomentum }).init(
        variables,
      );
      const update = (at: number) =>
        tf.tidy(() => state.update({ kernel: tf.fill([1, 4], 0.5) }, { step: at, variables })['kernel']!.dataSync()[0]!);
      const both = [update(0), update(1)];
      expect(Object.keys(state.variables)).toEqual(['lars/velocity/kernel']);
      state.dispose();
      tf.dispose(variables);
      return both;
    };
    close(run(false), [-0.1, 0]);
    close(run(true), [-0.1, -0.05]);
  });

  it('stands in a chain and freezes what has no gradient', () => {
    const variables = tf.tidy(() => ({ kernel: tf.variable(tf.ones([2, 2])), other: tf.variable(tf.ones([2, 2])) }));
    const state = chain(clipByGlobalNorm(1), lars({ learningRate: 1 })).init(variables);
    tf.tidy(() => {
      const updates = state.update({ kernel: tf.ones([2, 2]), other: null }, { step: 0, variables });
      expect(updates['other']).toBeNull();
      expect(updates['kernel']!.shape).toEqual([2, 2]);
    });
    state.dispose();
    tf.dispose(Object.values(variables));
  });

  it('refuses options out of range', () => {
    expect(() => lars({ learningRate: -1 })).toThrow('lars: `learningRate` must be >= 0 and finite, got -1');
    expect(() => lars({ learningRate: 1, momentum: 1 })).toThrow('lars: `momentum`');
    expect(() => lars({ learningRate: 1, trustCoefficient: 0 })).toThrow('lars: `trustCoefficient`');
    expect(() => lars({ learningRate: 1, weightDecay: -1 })).toThrow('lars: `weightDecay`');
    expect(() => lars({ learningRate: 1, norms: 'both' as 'sum' })).toThrow('lars: `norms` must be split or sum, got both');
  });
});

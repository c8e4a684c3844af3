import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { applyUpdates } from './apply-updates.ts';
import { averageWeights } from './average-weights.ts';
import { chain } from './chain.ts';
import type { GradientTransform } from './gradient-transform.ts';
import { partition } from './partition.ts';
import { sgd } from './sgd.ts';
import { withAveragedWeights } from './with-averaged-weights.ts';

const make = () => tf.tidy(() => ({ a: tf.variable(tf.tensor1d([1, -2])), 'b/c': tf.variable(tf.scalar(3)) }));
type Variables = ReturnType<typeof make>;

/** One update; gradients are numbers for all elements, null is none. */
const step = (state: ReturnType<GradientTransform['init']>, variables: Variables, at: { step: number; a: number; c: number | null }) => {
  tf.tidy(() => {
    const gradients = { a: tf.fill([2], at.a), 'b/c': at.c === null ? null : tf.scalar(at.c) };
    applyUpdates(variables, state.update(gradients, { step: at.step, variables }));
  });
};
const read = async (variables: Variables) => [...(await variables.a.data()), ...(await variables['b/c'].data())];
const expectClose = (got: readonly number[], expected: readonly number[]) => {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
};

describe('averageWeights', () => {
  it('averages the weights after each update, from the start values on, and does not change the training', async () => {
    const [plain, averaged] = [make(), make()];
    const optimizer = () => sgd({ learningRate: 0.1, momentum: 0.9 });
    const momentum = (at: number) => 0.5 + 0.1 * at;
    const [plainState, state] = [optimizer().init(plain), averageWeights(optimizer(), { momentum }).init(averaged)];
    const expected = await read(plain);
    for (const [i, gradient] of [1, -2, 0.5].entries()) {
      step(plainState, plain, { step: i, a: gradient, c: 2 * gradient });
      step(state, averaged, { step: i, a: gradient, c: 2 * gradient });
      const now = await read(plain);
      now.forEach((value, j) => (expected[j] = momentum(i) * expected[j]! + (1 - momentum(i)) * value));
    }
    const trained = await read(averaged);
    expect(trained).toEqual(await read(plain));
    expectClose(await withAveragedWeights(state, averaged, () => read(averaged)), expected);
    expect(await read(averaged)).toEqual(trained);
    plainState.dispose();
    state.dispose();
    tf.dispose([plain, averaged]);
  });

  it('starts from the weights at the first update, not from those at init', async () => {
    const variables = make();
    const state = averageWeights(sgd({ learningRate: 1 }), { momentum: 0.5 }).init(variables);
    tf.tidy(() => {
      variables.a.assign(tf.tensor1d([10, 20])); // such as pretrained weights
    });
    expect(await withAveragedWeights(state, variables, () => read(variables))).toEqual([10, 20, 3]);
    step(state, variables, { step: 0, a: 4, c: null });
    expect(await withAveragedWeights(state, variables, () => read(variables))).toEqual([8, 18, 3]);
    state.dispose();
    tf.dispose(variables);
  });

  it('goes on while a variable that has moved gets no update', async () => {
    const variables = make();
    const state = averageWeights(sgd({ learningRate: 1 }), { momentum: 0.5 }).init(variables);
    step(state, variables, { step: 0, a: 0, c: 2 }); // 3 becomes 1, the average 2
    step(state, variables, { step: 1, a: 0, c: null });
    expect((await withAveragedWeights(state, variables, () => read(variables)))[2]).toBe(1.5);
    state.dispose();
    tf.dispose(variables);
  });

  it('has its slots in the state, under names that a partition extends', async () => {
    const variables = make();
    const optimizer = partition((path) => (path === 'a' ? 'fast' : 'slow'), {
      fast: averageWeights(sgd({ learningRate: 1 }), { momentum: 0 }),
      slow: sgd({ learningRate: 1 }),
    });
    const state = chain(optimizer).init(variables);
    expect(Object.keys(state.variables)).toEqual(['partition/fast/averageWeights/average/a']);
    expect(Object.keys(state.counters)).toEqual(['partition/fast/averageWeights/count/a']);
    step(state, variables, { step: 0, a: 1, c: 1 });
    expect(await withAveragedWeights(state, variables, () => read(variables))).toEqual([0, -3, 2]);
    state.dispose();
    tf.dispose(variables);
  });

  it('puts the weights back when the work fails, and refuses what has no averages', async () => {
    const variables = make();
    const state = averageWeights(sgd({ learningRate: 1 }), { momentum: 0.5 }).init(variables);
    step(state, variables, { step: 0, a: 4, c: 4 });
    const before = await read(variables);
    const failing = withAveragedWeights(state, variables, () => Promise.reject(new Error('no data')));
    await expect(failing).rejects.toThrow('no data');
    expect(await read(variables)).toEqual(before);
    await expect(withAveragedWeights(state, { a: variables['b/c'] }, () => 0)).rejects.toThrow(
      'withAveragedWeights: `a` must have shape [2] like its average, got []',
    );
    const without = sgd({ learningRate: 1, momentum: 0.9 }).init(variables);
    await expect(withAveragedWeights(without, variables, () => 0)).rejects.toMatchObject({ code: 'SELFSUP_STATE' });
    expect(() => averageWeights(sgd({ learningRate: 1 }), { momentum: 1.1 })).toThrow(
      'averageWeights: `momentum` must be in [0, 1], got 1.1',
    );
    without.dispose();
    state.dispose();
    tf.dispose(variables);
  });
});

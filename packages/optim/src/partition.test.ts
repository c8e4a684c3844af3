import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adamW } from './adam-w.ts';
import { applyUpdates } from './apply-updates.ts';
import { chain } from './chain.ts';
import { clipByGlobalNorm } from './clip-by-global-norm.ts';
import type { GradientTransform } from './gradient-transform.ts';
import { layerwiseDecay } from './layerwise-decay.ts';
import { partition } from './partition.ts';
import { sgd } from './sgd.ts';

const make = () =>
  tf.tidy(() => ({
    'patch/kernel': tf.variable(tf.tensor1d([1, 2])),
    'block1/kernel': tf.variable(tf.tensor1d([3, -4])),
    'head/kernel': tf.variable(tf.tensor1d([5])),
  }));
type Variables = ReturnType<typeof make>;

/** The variables after updates with their own values as gradients. */
async function train(optimizer: GradientTransform, steps = 1, change?: (variables: Variables) => Partial<Variables>) {
  const all = make();
  const variables = change?.(all) ?? all;
  const state = optimizer.init(variables);
  for (let step = 0; step < steps; step++)
    tf.tidy(() => {
      const gradients = Object.fromEntries(Object.entries(variables).map(([path, variable]) => [path, variable.clone()]));
      applyUpdates(all, state.update(gradients, { step, variables }));
    });
  const values = Object.fromEntries(
    await Promise.all(Object.entries(variables).map(async ([path, variable]) => [path, [...(await variable.data())]] as const)),
  );
  const names = [Object.keys(state.variables), Object.keys(state.counters)];
  state.dispose();
  tf.dispose(all);
  return { values, names };
}
const first = (path: string) => path.split('/')[0]!;

describe('partition', () => {
  it('trains each group as its transform alone would, and leaves the frozen one as it is', async () => {
    const [head, block] = [() => adamW({ learningRate: 0.1 }), () => chain(clipByGlobalNorm(1), sgd({ learningRate: 0.5, momentum: 0.9 }))];
    const { values } = await train(partition(first, { patch: null, head: head(), block1: block(), unused: head() }), 3);
    const alone = async (path: keyof Variables, optimizer: GradientTransform) =>
      (await train(optimizer, 3, (variables) => ({ [path]: variables[path] }))).values[path];
    expect(values['head/kernel']).toEqual(await alone('head/kernel', head()));
    expect(values['block1/kernel']).toEqual(await alone('block1/kernel', block()));
    expect(values['patch/kernel']).toEqual([1, 2]);
  });

  it('names slots and counters by label, transform, slot and path', async () => {
    const optimizer = chain(
      partition(first, { patch: null, head: adamW({ learningRate: 0.1 }), block1: sgd({ learningRate: 0.1, momentum: 0.5 }) }),
    );
    const [slots, counters] = (await train(optimizer)).names;
    expect(slots).toEqual([
      'partition/head/scaleByAdam/firstMoment/head/kernel',
      'partition/head/scaleByAdam/secondMoment/head/kernel',
      'partition/block1/trace/velocity/block1/kernel',
    ]);
    expect(counters).toEqual(['partition/head/scaleByAdam/count/head/kernel']);
  });

  it('keeps null as null and gives groups nothing but their own variables', () => {
    const seen: string[][] = [];
    const spy: GradientTransform = {
      name: 'spy',
      init: (variables) => {
        seen.push(Object.keys(variables));
        return {
          variables: {},
          counters: {},
          dispose: () => undefined,
          update: (updates, context) => (seen.push(Object.keys(updates), Object.keys(context.variables)), updates),
        };
      },
    };
    const variables = make();
    const state = partition((path) => (path.startsWith('head') ? 'a' : 'b'), { a: spy, b: null }).init(variables);
    tf.tidy(() => {
      const updates = state.update({ 'patch/kernel': null, 'head/kernel': null, 'block1/kernel': tf.scalar(1) }, { step: 0, variables });
      expect(updates).toEqual({ 'patch/kernel': null, 'head/kernel': null, 'block1/kernel': null });
    });
    expect(seen).toEqual([['head/kernel'], ['head/kernel'], ['head/kernel']]);
    state.dispose();
    tf.dispose(variables);
  });

  it('refuses a variable whose label has no transform, also one of the prototype, and labels that paths cannot hold', () => {
    const variables = make();
    expect(() => partition(first, { patch: null, head: null }).init(variables)).toThrow(
      'partition: `transforms` must have the label of every variable, `block1/kernel` has "block1"; there are patch, head',
    );
    expect(() => partition(() => 'toString', { a: null }).init(variables)).toThrow('has "toString"; there are a');
    expect(() => partition(first, { 'a/b': null })).toThrow('partition: a label must be a word without slash, got "a/b"');
    expect(() => partition(first, {})).toThrow('partition: `transforms` must have at least one label, got none');
    tf.dispose(variables);
  });
});

describe('layerwiseDecay', () => {
  const layerOf = (path: string) => ['patch', 'block1', 'head'].indexOf(first(path));

  it('scales the update of each layer, which is a rate of its own with the weight decay in it', async () => {
    const decay = 0.5;
    const optimizer = chain(adamW({ learningRate: 0.1, weightDecay: 0.3 }), layerwiseDecay({ decay, numLayers: 2, layerOf }));
    const own = (scale: number) => adamW({ learningRate: 0.1 * scale, weightDecay: 0.3 });
    const expected = await train(partition(first, { patch: own(decay ** 2), block1: own(decay), head: own(1) }), 4);
    const { values } = await train(optimizer, 4);
    for (const [path, numbers] of Object.entries(expected.values))
      numbers.forEach((number, i) => {
        expect(values[path]![i]).toBeCloseTo(number, 6);
      });
  });

  it('refuses options out of range and layers that do not exist', () => {
    const variables = make();
    expect(() => layerwiseDecay({ decay: 0, numLayers: 2, layerOf })).toThrow('layerwiseDecay: `decay` must be in (0, 1], got 0');
    expect(() => layerwiseDecay({ decay: 1, numLayers: 0, layerOf })).toThrow('`numLayers` must be an integer >= 1, got 0');
    expect(() => layerwiseDecay({ decay: 1, numLayers: 1, layerOf }).init(variables)).toThrow(
      'layerwiseDecay: `layerOf` must give an integer from 0 to 1, got 2 for `head/kernel`',
    );
    tf.dispose(variables);
  });
});

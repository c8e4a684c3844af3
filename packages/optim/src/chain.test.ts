import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adamW } from './adam-w.ts';
import { addDecayedWeights } from './add-decayed-weights.ts';
import { chain } from './chain.ts';
import { clipByGlobalNorm } from './clip-by-global-norm.ts';
import { clipByNorm } from './clip-by-norm.ts';
import { scaleByAdam } from './scale-by-adam.ts';
import { scaleByLearningRate } from './scale-by-learning-rate.ts';
import { sgd } from './sgd.ts';
import { trace } from './trace.ts';

const withVariables = async (work: (variables: { a: tf.Variable; 'b/c': tf.Variable }) => Promise<void> | void) => {
  const variables = tf.tidy(() => ({ a: tf.variable(tf.tensor1d([1, 2])), 'b/c': tf.variable(tf.scalar(3)) }));
  await work(variables);
  tf.dispose(Object.values(variables));
};

describe('chain', () => {
  it('names slots by transform, slot and path, and tells two of one kind apart', () =>
    withVariables((variables) => {
      const state = chain(trace({ momentum: 0.5 }), chain(sgd({ learningRate: 1, momentum: 0.5 }), scaleByAdam())).init(variables);
      expect(Object.keys(state.variables).sort()).toEqual([
        'scaleByAdam/firstMoment/a',
        'scaleByAdam/firstMoment/b/c',
        'scaleByAdam/secondMoment/a',
        'scaleByAdam/secondMoment/b/c',
        'trace-2/velocity/a',
        'trace-2/velocity/b/c',
        'trace/velocity/a',
        'trace/velocity/b/c',
      ]);
      expect(Object.keys(state.counters).sort()).toEqual(['scaleByAdam/count/a', 'scaleByAdam/count/b/c']);
      state.dispose();
    }));

  it('freezes a variable without gradient and its slots', () =>
    withVariables(async (variables) => {
      const state = adamW({ learningRate: 0.1 }).init(variables);
      tf.tidy(() => {
        const updates = state.update({ a: tf.tensor1d([1, -1]), 'b/c': null }, { step: 0, variables });
        expect(updates['b/c']).toBeNull();
      });
      expect([...(await state.variables['scaleByAdam/firstMoment/a']!.data())]).toEqual([Math.fround(0.1), Math.fround(-0.1)]);
      expect(await state.variables['scaleByAdam/firstMoment/b/c']!.data()).toEqual(new Float32Array(1));
      expect(state.counters['scaleByAdam/count/a']!.value).toBe(1);
      expect(state.counters['scaleByAdam/count/b/c']!.value).toBe(0);
      state.dispose();
    }));

  it('keeps no more than two sets of updates alive while it works and leaves its input to the caller', () =>
    withVariables((variables) => {
      const counts: number[] = [];
      const spy = { name: 'spy', init: () => ({ variables: {}, counters: {}, dispose: () => undefined, update: (x: Parameters<ReturnType<typeof scaleByAdam>['init']>[0]) => (counts.push(tf.memory().numTensors), x as never) }) }; // prettier-ignore
      const state = chain(clipByGlobalNorm(1), spy, addDecayedWeights({ weightDecay: 1 }), spy, scaleByLearningRate(1)).init(variables);
      tf.tidy(() => {
        const gradients = { a: tf.tensor1d([3, 4]), 'b/c': tf.scalar(0) };
        state.update(gradients, { step: 0, variables });
        expect(gradients.a.isDisposed).toBe(false);
      });
      expect(counts[1]! - counts[0]!).toBe(1); // the scalar of the decay: the clipped gradients are gone
      state.dispose();
    }));

  it('clips only what is too long', () =>
    withVariables(async (variables) => {
      const state = clipByGlobalNorm(10).init(variables);
      const clipped = tf.tidy(() => state.update({ a: tf.tensor1d([3, 4]), 'b/c': null }, { step: 0, variables }).a!);
      expect([...(await clipped.data())]).toEqual([3, 4]);
      clipped.dispose();
    }));

  it('clips each variable on its own with clipByNorm, and only what is too long', () =>
    withVariables(async (variables) => {
      const state = clipByNorm(2).init(variables);
      const [a, b] = tf.tidy(() => {
        const clipped = state.update({ a: tf.tensor1d([3, 4]), 'b/c': tf.scalar(-1.5) }, { step: 0, variables });
        return [clipped['a']!, clipped['b/c']!] as const;
      });
      const values = await a.data();
      expect(values[0]).toBeCloseTo(1.2, 5);
      expect(values[1]).toBeCloseTo(1.6, 5);
      expect([...(await b.data())]).toEqual([-1.5]);
      tf.dispose([a, b]);
      expect(state.update({ a: null, 'b/c': null }, { step: 0, variables })).toEqual({ a: null, 'b/c': null });
    }));

  it('takes a schedule of weight decay, in a link of its own and in adamW', () =>
    withVariables(async (variables) => {
      const rising = (step: number) => 0.1 * step;
      const link = addDecayedWeights({ weightDecay: rising }).init(variables);
      const adam = adamW({ learningRate: 1, weightDecay: rising }).init(variables);
      for (const step of [0, 2]) {
        const [added, updated] = tf.tidy(() => {
          const zeros = { a: tf.zeros([2]), 'b/c': tf.scalar(0) };
          return [link.update(zeros, { step, variables })['b/c']!, adam.update(zeros, { step, variables })['b/c']!] as const;
        });
        expect((await added.data())[0]).toBeCloseTo(0.1 * step * 3, 6);
        expect((await updated.data())[0]).toBeCloseTo(-0.1 * step * 3, 6);
        tf.dispose([added, updated]);
      }
      expect(() =>
        addDecayedWeights({ weightDecay: () => -1 })
          .init(variables)
          .update({}, { step: 4, variables }),
      ).toThrow('addDecayedWeights: `weightDecay` must be >= 0 and finite, got -1 at step 4');
      adam.dispose();
    }));

  it('refuses options out of range', () =>
    withVariables((variables) => {
      expect(() => chain()).toThrow('chain: needs at least one transform');
      expect(() => trace({ momentum: 1 })).toThrow('trace: `momentum` must be in [0, 1), got 1');
      expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow('needs a `momentum` > 0');
      expect(() => sgd({ learningRate: -1 })).toThrow('`learningRate` must be >= 0 and finite, got -1');
      expect(() => scaleByAdam({ beta2: 1 })).toThrow('`beta2`');
      expect(() => scaleByAdam({ epsilon: 0 })).toThrow('`epsilon`');
      expect(() => adamW({ learningRate: 1, weightDecay: -1 })).toThrow('`weightDecay`');
      expect(() => clipByGlobalNorm(0)).toThrow('`maxNorm`');
      expect(() => clipByNorm(-1)).toThrow('clipByNorm: `maxNorm`');
      const state = scaleByLearningRate(() => NaN).init(variables);
      expect(() => state.update({}, { step: 7, variables })).toThrow('got NaN at step 7');
    }));
});

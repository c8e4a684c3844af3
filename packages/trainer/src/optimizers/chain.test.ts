import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adamW } from './adam-w.ts';
import { addDecayedWeights } from './add-decayed-weights.ts';
import { chain } from './chain.ts';
import { clipByGlobalNorm } from './clip-by-global-norm.ts';
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
      const state = scaleByLearningRate(() => NaN).init(variables);
      expect(() => state.update({}, { step: 7, variables })).toThrow('got NaN at step 7');
    }));
});

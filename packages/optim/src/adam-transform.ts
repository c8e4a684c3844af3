import { adamWUpdate, type AdamWUpdateOptions } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { assertRange, type Counter, type GradientTransform, type UpdateContext } from './gradient-transform.ts';
import { disposeSlots, makeSlots } from './make-slots.ts';
import { mapUpdates } from './map-updates.ts';
import type { ScaleByAdamOptions } from './scale-by-adam.ts';

/** The rate and the decay of one variable at a step. */
type Rule = (context: UpdateContext) => (path: string, variable: tf.Variable) => Pick<AdamWUpdateOptions, 'learningRate' | 'weightDecay'>;

/** Adam's slots and its step in one operation, under the name `scaleByAdam` in checkpoints. `who` is named in errors. Internal. */
export function adamTransform(who: string, options: ScaleByAdamOptions, rule: Rule): GradientTransform {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, biasCorrection = true } = options;
  assertRange(`${who}: \`beta1\``, beta1, { min: 0, max: 1 });
  assertRange(`${who}: \`beta2\``, beta2, { min: 0, max: 1 });
  assertRange(`${who}: \`epsilon\``, epsilon, { min: Number.MIN_VALUE });
  return {
    name: 'scaleByAdam',
    init(variables) {
      const first = makeSlots('firstMoment', variables);
      const second = makeSlots('secondMoment', variables);
      const counters: Record<string, Counter> = Object.fromEntries(
        Object.keys(variables).map((path) => [`count/${path}`, { value: 0 }] as const),
      );
      return {
        variables: { ...first, ...second },
        counters,
        update(updates, context) {
          const at = rule(context);
          return mapUpdates(updates, (gradient, path) => {
            const count = ++counters[`count/${path}`]!.value;
            const [firstMoment, secondMoment] = [first[`firstMoment/${path}`]!, second[`secondMoment/${path}`]!];
            const variable = context.variables[path]!;
            const numbers = { beta1, beta2, epsilon, count: biasCorrection ? count : 0, ...at(path, variable) };
            const after = adamWUpdate({ gradient, firstMoment, secondMoment, variable }, numbers);
            firstMoment.assign(after.firstMoment);
            secondMoment.assign(after.secondMoment);
            return after.update;
          });
        },
        dispose() {
          disposeSlots(first);
          disposeSlots(second);
        },
      };
    },
  };
}

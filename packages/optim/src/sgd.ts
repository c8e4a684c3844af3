import { sgdUpdate, SelfsupError, type ScalarOrSchedule } from '@selfsup/core';
import { mapUpdates, withoutSlots, withSlots } from './build-transform.ts';
import { chain } from './chain.ts';
import { assertRange, valueInForce } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';
import type { VariableMask } from './variable-mask.ts';

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** ≥ 0, or a schedule over optimizer updates done so far. */
  learningRate: ScalarOrSchedule;
  /** The weight of the old velocity, in [0, 1); default 0: no momentum and no slots. */
  momentum?: number;
  /** True: Nesterov's look-ahead, needs a momentum > 0; default false. */
  nesterov?: boolean;
  /** ≥ 0; default 0. Added to the gradient before the momentum, as L2 regularization. */
  weightDecay?: number;
  /** Which variables decay; default all of them. */
  mask?: VariableMask;
}

/**
 * Stochastic gradient descent with the semantics of `torch.optim.SGD`: g ← g + weightDecay·p, v ← momentum·v + g, p ← p − rate·v.
 *
 * @param options see {@link SgdOptions}
 * @returns the chain addDecayedWeights → trace → scaleByLearningRate as one link: one pass over memory where the backend has the kernel, and the slot of
 * `trace` where there is a momentum
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @example
 * ```ts
 * import { cosine } from '@selfsup/core';
 * import { sgd } from '@selfsup/optim';
 * const optimizer = sgd({ learningRate: cosine({ initial: 0.12, steps: 390 }), momentum: 0.9, weightDecay: 5e-4 });
 * ```
 */
export function sgd(options: SgdOptions): GradientTransform {
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0, mask = () => true } = options;
  if (nesterov && momentum === 0) throw new SelfsupError('SELFSUP_OPTION', 'sgd: `nesterov` needs a `momentum` > 0, got 0');
  assertRange('sgd: `momentum`', momentum, { min: 0, max: 1 });
  assertRange('sgd: `weightDecay`', weightDecay, { min: 0 });
  const rateAt = valueInForce('sgd: `learningRate`', learningRate);
  const decayOf: (...args: Parameters<VariableMask>) => number = (path, variable) => (mask(path, variable) ? weightDecay : 0);
  if (momentum === 0)
    return chain(
      withoutSlots('scaleByLearningRate', (updates, { step, variables }) => {
        const rate = rateAt(step);
        return mapUpdates(updates, (gradient, path) => {
          const variable = variables[path]!;
          return sgdUpdate({ gradient, variable }, { learningRate: rate, weightDecay: decayOf(path, variable) }).update;
        });
      }),
    );
  return chain(
    withSlots('trace', {
      slots: ['velocity'],
      update(updates, { step, variables }, { slot }) {
        const rate = rateAt(step);
        return mapUpdates(updates, (gradient, path) => {
          const [old, variable] = [slot('velocity', path), variables[path]!];
          const numbers = { learningRate: rate, momentum, nesterov, weightDecay: decayOf(path, variable) };
          const { update, velocity } = sgdUpdate({ gradient, velocity: old, variable }, numbers);
          old.assign(velocity!);
          return update;
        });
      },
    }),
  );
}

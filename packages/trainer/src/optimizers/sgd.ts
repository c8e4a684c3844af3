import type { ScalarOrSchedule } from '@selfsup/core';
import { SelfsupError } from '@selfsup/core';
import { addDecayedWeights, type VariableMask } from './add-decayed-weights.ts';
import { chain } from './chain.ts';
import type { GradientTransform } from './gradient-transform.ts';
import { scaleByLearningRate } from './scale-by-learning-rate.ts';
import { trace } from './trace.ts';

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** ≥ 0, or a schedule over optimizer updates done so far. */
  learningRate: ScalarOrSchedule;
  /** The weight of the old velocity, in [0, 1); default 0: no momentum and no slots. */
  momentum?: number;
  /** True: Nesterov's look-ahead, needs a momentum > 0; default false. */
  nesterov?: boolean;
  /** ≥ 0; default 0. Added to the gradient before the momentum, as L2 regularisation. */
  weightDecay?: number;
  /** Which variables decay; default all of them. */
  mask?: VariableMask;
}

/**
 * Stochastic gradient descent with the semantics of `torch.optim.SGD`: g ← g + weightDecay·p, v ← momentum·v + g, p ← p − rate·v.
 *
 * @param options see {@link SgdOptions}
 * @returns the chain addDecayedWeights → trace → scaleByLearningRate, without the links that would do nothing
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @example
 * ```ts
 * import { cosine } from '@selfsup/core';
 * import { sgd } from '@selfsup/trainer';
 * const optimizer = sgd({ learningRate: cosine({ initial: 0.12, steps: 390 }), momentum: 0.9, weightDecay: 5e-4 });
 * ```
 */
export function sgd(options: SgdOptions): GradientTransform {
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0, mask = () => true } = options;
  if (nesterov && momentum === 0) throw new SelfsupError('SELFSUP_OPTION', 'sgd: `nesterov` needs a `momentum` > 0, got 0');
  return chain(
    ...(weightDecay === 0 ? [] : [addDecayedWeights({ weightDecay, mask })]),
    ...(momentum === 0 ? [] : [trace({ momentum, nesterov })]),
    scaleByLearningRate(learningRate),
  );
}

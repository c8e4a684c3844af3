import type { ScalarOrSchedule } from '@selfsup/core';
import { addDecayedWeights, type VariableMask } from './add-decayed-weights.ts';
import { chain } from './chain.ts';
import type { GradientTransform } from './gradient-transform.ts';
import { scaleByAdam, type ScaleByAdamOptions } from './scale-by-adam.ts';
import { scaleByLearningRate } from './scale-by-learning-rate.ts';

/** Options of {@link adamW}. */
export interface AdamWOptions extends ScaleByAdamOptions {
  /** ≥ 0, or a schedule over optimizer updates done so far. */
  learningRate: ScalarOrSchedule;
  /** ≥ 0; default 0.01. Decoupled: each update subtracts rate · weightDecay · variable. */
  weightDecay?: number;
  /** Which variables decay; default all of them. */
  mask?: VariableMask;
}

/**
 * Adam with decoupled weight decay and the semantics of `torch.optim.AdamW`: p ← p − rate·(m̂/(√v̂ + epsilon) + weightDecay·p).
 *
 * @param options see {@link AdamWOptions}
 * @returns the chain scaleByAdam → addDecayedWeights → scaleByLearningRate
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @see Loshchilov, Hutter: "Decoupled Weight Decay Regularization", Algorithm 2, https://arxiv.org/abs/1711.05101
 * @example
 * ```ts
 * import { adamW } from '@selfsup/trainer';
 * const optimizer = adamW({ learningRate: 1e-3, weightDecay: 0.05, mask: (path, variable) => variable.rank > 1 });
 * ```
 */
export function adamW(options: AdamWOptions): GradientTransform {
  const { learningRate, weightDecay = 0.01, mask = () => true, ...adam } = options;
  return chain(scaleByAdam(adam), addDecayedWeights({ weightDecay, mask }), scaleByLearningRate(learningRate));
}

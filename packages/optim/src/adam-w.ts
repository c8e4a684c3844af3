import type { ScalarOrSchedule } from '@selfsup/core';
import { chain } from './chain.ts';
import { valueInForce } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';
import { adamTransform, type ScaleByAdamOptions } from './scale-by-adam.ts';
import type { VariableMask } from './variable-mask.ts';

/** Options of {@link adamW}. */
export interface AdamWOptions extends ScaleByAdamOptions {
  /** ≥ 0, or a schedule over optimizer updates done so far. */
  learningRate: ScalarOrSchedule;
  /** ≥ 0, or a schedule likewise; default 0.01. Decoupled: each update subtracts rate · weightDecay · variable. */
  weightDecay?: ScalarOrSchedule;
  /** Which variables decay; default all of them, usually {@link noDecayOnNorms}. */
  mask?: VariableMask;
}

/**
 * Adam with decoupled weight decay and the semantics of `torch.optim.AdamW`: p ← p − rate·(m̂/(√v̂ + epsilon) + weightDecay·p).
 *
 * @param options see {@link AdamWOptions}
 * @returns the chain scaleByAdam → addDecayedWeights → scaleByLearningRate as one link: one pass over memory where the backend has the kernel, and the
 * slots of `scaleByAdam`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @remarks BERT's optimizer is `adamW({ learningRate, weightDecay: 0.01, epsilon: 1e-6, biasCorrection: false, mask: noDecayOnNorms })`,
 * after `clipByGlobalNorm(1)` (Devlin et al., google-research/bert). DINO's weight decay is `cosine({ initial: 0.04, final: 0.4, steps })`.
 * @see Loshchilov, Hutter: "Decoupled Weight Decay Regularization", Algorithm 2, https://arxiv.org/abs/1711.05101
 * @example
 * ```ts
 * import { adamW, noDecayOnNorms } from '@selfsup/optim';
 * const optimizer = adamW({ learningRate: 1e-3, weightDecay: 0.05, mask: noDecayOnNorms });
 * ```
 */
export function adamW(options: AdamWOptions): GradientTransform {
  const { learningRate, weightDecay = 0.01, mask = () => true, ...adam } = options;
  const decayAt = valueInForce('adamW: `weightDecay`', weightDecay);
  const rateAt = valueInForce('adamW: `learningRate`', learningRate);
  return chain(
    adamTransform('adamW', adam, ({ step }) => {
      const [rate, decay] = [rateAt(step), decayAt(step)];
      return (path, variable) => ({ learningRate: rate, weightDecay: mask(path, variable) ? decay : 0 });
    }),
  );
}

import { larsUpdate, SelfsupError, sgdUpdate, type LarsUpdateOptions, type ScalarOrSchedule } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { mapUpdates, withSlots } from './build-transform.ts';
import { chain } from './chain.ts';
import { assertRange, valueInForce } from './checked-number.ts';
import type { GradientTransform } from './gradient-transform.ts';
import { noDecayOnNorms, type VariableMask } from './variable-mask.ts';

/** Options of {@link lars}. */
export interface LarsOptions {
  /** ≥ 0, or a schedule over optimizer updates done so far. */
  learningRate: ScalarOrSchedule;
  /** The weight of the old velocity, in [0, 1); default 0.9. */
  momentum?: number;
  /** λ ≥ 0; default 0. Added to the gradient times the variable before the ratio scales both. */
  weightDecay?: number;
  /** η > 0; default 0.001. */
  trustCoefficient?: number;
  /** Added to the ratio's denominator, ≥ 0; default 1e-8. */
  epsilon?: number;
  /** Where the decay enters the ratio: `split` (default) divides by ‖g‖ + λ‖w‖, `sum` by ‖g + λw‖. */
  norms?: 'split' | 'sum';
  /** True: the velocity sums learningRate · ratio · (g + λw); false (default): ratio · (g + λw), so that a change of rate acts at once. */
  rateInMomentum?: boolean;
  /** True: the step takes min(ratio, learningRate) instead of their product (LARC); default false. */
  clip?: boolean;
  /** Which variables decay and have a ratio; default {@link noDecayOnNorms}. The others, biases and normalization, follow plain momentum. */
  mask?: VariableMask;
}

/**
 * Layer-wise adaptive rate scaling for large batches: momentum whose steps are scaled, variable by variable, by the trust ratio η‖w‖/(‖g‖ + λ‖w‖).
 *
 * @param options see {@link LarsOptions}
 * @returns the transform, with the slot `velocity`; a ratio is 1 where a norm is 0
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @see You, Gitman, Ginsburg: "Large Batch Training of Convolutional Networks", Algorithm 1, https://arxiv.org/abs/1708.03888
 * @remarks Implementations differ. The paper: `rateInMomentum: true, mask: () => true`. SimCLR (TensorFlow 2): `norms: 'sum', rateInMomentum: true`.
 * MoCo v3, MAE, DINO: `norms: 'sum'`. lightly: the defaults, but there a group of variables without weight decay silently gets no ratio. solo-learn:
 * `trustCoefficient: 0.02, clip: true`.
 * @example
 * ```ts
 * import { cosine } from '@selfsup/core';
 * import { lars } from '@selfsup/optim';
 * const optimizer = lars({ learningRate: cosine({ initial: 4.8, steps: 1000 }), weightDecay: 1e-6 });
 * ```
 */
export function lars(options: LarsOptions): GradientTransform {
  const { learningRate, momentum = 0.9, weightDecay = 0, trustCoefficient = 0.001, epsilon = 1e-8 } = options;
  const { norms = 'split', rateInMomentum = false, clip = false, mask = noDecayOnNorms } = options;
  assertRange('lars: `momentum`', momentum, { min: 0, max: 1 });
  assertRange('lars: `weightDecay`', weightDecay, { min: 0 });
  assertRange('lars: `trustCoefficient`', trustCoefficient, {});
  assertRange('lars: `epsilon`', epsilon, { min: 0 });
  if (!['split', 'sum'].includes(norms)) throw new SelfsupError('SELFSUP_OPTION', `lars: \`norms\` must be split or sum, got ${norms}`);
  const rateAt = valueInForce('lars: `learningRate`', learningRate);
  const adapted: Omit<LarsUpdateOptions, 'learningRate'> = {
    momentum,
    weightDecay,
    trustCoefficient,
    epsilon,
    norms,
    rateInMomentum,
    clip,
  };
  return chain(
    withSlots('lars', {
      slots: ['velocity'],
      update(updates, { step, variables }, { slot }) {
        const rate = rateAt(step);
        const plain = (gradient: tf.Tensor, velocity: tf.Tensor) =>
          rateInMomentum
            ? sgdUpdate({ gradient: tf.mul(gradient, rate), velocity }, { learningRate: 1, momentum })
            : sgdUpdate({ gradient, velocity }, { learningRate: rate, momentum });
        return mapUpdates(updates, (gradient, path) => {
          const [old, variable] = [slot('velocity', path), variables[path]!];
          const { update, velocity } = mask(path, variable)
            ? larsUpdate({ gradient, velocity: old, variable }, { ...adapted, learningRate: rate })
            : plain(gradient, old);
          old.assign(velocity!);
          return update;
        });
      },
    }),
  );
}

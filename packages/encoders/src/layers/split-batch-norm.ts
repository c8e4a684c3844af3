import * as tf from '@tensorflow/tfjs-core';
import { batchNormTraining, emaUpdate, SelfsupError, type Rng } from '@selfsup/core';
import { batchNorm, type BatchNormOptions } from './batch-norm.ts';
import { checkIntegers } from './check-option.ts';
import { isFrozen } from './is-frozen.ts';
import type { NormModule } from './norm-module.ts';

/** Options of {@link splitBatchNorm}. */
export interface SplitBatchNormOptions extends BatchNormOptions {
  /** Parts of the batch, each with statistics of its own while training; ≥ 1, default 8. */
  numSplits?: number;
}

/**
 * Batch normalization of neighboring parts of the batch, each on its own, as if each part lay on a device of its own.
 *
 * @param options see {@link SplitBatchNormOptions}
 * @returns a factory of modules with the variables and buffers of `batchNorm`; with `training: false` the same function as it
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` on another count of channels, or while training on fewer
 * than `numSplits` rows or two values per channel and part
 * @see He et al.: "Momentum Contrast", section 3.3, https://arxiv.org/abs/1911.05722, and the SplitBatchNorm of the authors' CIFAR demo
 * @remarks The buffers move towards the mean over the parts of their means and **unbiased** variances. The demo deals the rows of a batch to its parts in
 * turn; here parts are neighboring rows. `synchronize` changes nothing: it is the purpose of this layer that rows do not see the statistics of all. A batch that is no multiple of `numSplits` has parts that differ by one row.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { splitBatchNorm } from '@selfsup/encoders';
 * const norm = splitBatchNorm({ channels: 64, numSplits: 4 })(createRng(0));
 * norm.dispose();
 * ```
 */
export function splitBatchNorm<T extends tf.Tensor2D | tf.Tensor4D>(options: SplitBatchNormOptions): (rng: Rng) => NormModule<T> {
  const { numSplits = 8, channels, momentum = 0.9, epsilon = 1e-5, activation = 'linear' } = options;
  checkIntegers('splitBatchNorm', { numSplits });
  const whole = batchNorm<T>(options);
  return (rng) => {
    const module = whole(rng);
    const { scale, offset } = module.trainable as Record<'scale' | 'offset', tf.Variable<tf.Rank.R1>>;
    const { mean, variance } = module.buffers as Record<'mean' | 'variance', tf.Variable<tf.Rank.R1>>;
    return {
      ...module,
      apply(input, apply) {
        if (!apply.training || numSplits === 1 || isFrozen(scale)) return module.apply(input, apply);
        const n = input.shape[0];
        if (input.shape[input.rank - 1] !== channels || n < numSplits)
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `splitBatchNorm: \`input\` must have at least ${numSplits} rows and ${channels} channels, got shape [${input.shape.join(', ')}]`,
          );
        return tf.tidy(() => {
          const sizes = Array.from(
            { length: numSplits },
            (_, i) => Math.floor(((i + 1) * n) / numSplits) - Math.floor((i * n) / numSplits),
          );
          const residuals = apply.residual ? tf.split<tf.Tensor>(apply.residual, sizes, 0) : undefined;
          const parts = tf.split<tf.Tensor>(input, sizes, 0).map((part, i) => {
            const residual = residuals && { residual: residuals[i] as T };
            const count = part.size / channels;
            const batch = batchNormTraining(part, { scale, offset, epsilon, activation, ...residual });
            return { y: batch.y, mean: batch.mean, variance: tf.mul<tf.Tensor1D>(batch.variance, count / (count - 1)) };
          });
          if (apply.updateStatistics ?? true) {
            mean.assign(emaUpdate<tf.Tensor1D>(mean, tf.mean(tf.stack(parts.map((part) => part.mean)), 0), momentum));
            variance.assign(emaUpdate<tf.Tensor1D>(variance, tf.mean(tf.stack(parts.map((part) => part.variance)), 0), momentum));
          }
          return tf.concat<tf.Tensor>(
            parts.map((part) => part.y),
            0,
          ) as T;
        });
      },
    };
  };
}

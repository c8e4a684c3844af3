import * as tf from '@tensorflow/tfjs-core';
import { batchNormTraining, movingStatistics, SelfsupError, synchronizedBatchNorm, type Rng } from '@selfsup/core';
import { checkIntegers, checkOneOf } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { isFrozen } from './is-frozen.ts';
import { leafModule } from './leaf-module.ts';
import { finishNorm, type NormActivation, type NormApplyOptions, type NormModule } from './norm-module.ts';

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Channels: the last axis of the input, ≥ 1. */
  channels: number;
  /** Weight of the **old** running value in [0, 1]; default 0.9, which PyTorch calls `momentum=0.1`. */
  momentum?: number;
  /** Added to the variance, > 0; default 1e-5. */
  epsilon?: number;
  /** Whether there are `scale` and `offset`; default true. Without them the output has mean 0 and variance 1, as at the end of SimSiam's projection. */
  affine?: boolean;
  /** Initial value of `scale`; default 1. Zero makes a residual branch start as nothing. */
  initialScale?: number;
  /** What is applied last; default `linear`: nothing. Where the backend has a fused kernel, a ReLU here costs no pass over memory. */
  activation?: NormActivation;
}

/**
 * Batch normalization over all axes but the last.
 *
 * @param options see {@link BatchNormOptions}
 * @returns a factory of modules with the variables `scale`, `offset` (unless `affine` is false) and the buffers `mean`, `variance`, each `[channels]`; input and output have one
 * shape `[batch, channels]` or `[batch, height, width, channels]`, float32; `apply` also takes a `residual` of that shape, added before the activation
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` on another count of channels, or while training on
 * fewer than two values per channel
 * @see Ioffe, Szegedy: "Batch Normalization", https://arxiv.org/abs/1502.03167
 * @remarks With `training: true` it normalizes with the batch's mean and biased variance, and moves the buffers towards the batch's mean and
 * **unbiased** variance, as PyTorch does (TensorFlow stores the biased one), also under a gradient tape. With `training: false` it uses the buffers and
 * writes nothing, nor does it with `updateStatistics: false`. The buffers carry no gradient. Where the flag `trainable` of the variable `scale` is false, the
 * layer is frozen: it runs as at inference, while training, too. With `synchronize` the statistics are those of all ranks, see `synchronizedBatchNorm` of
 * `@selfsup/core`.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { batchNorm } from '@selfsup/encoders';
 * const norm = batchNorm({ channels: 64 })(createRng(0));
 * console.log(Object.keys(norm.buffers)); // mean, variance
 * norm.dispose();
 * ```
 */
export function batchNorm<T extends tf.Tensor2D | tf.Tensor4D>(options: BatchNormOptions): (rng: Rng) => NormModule<T> {
  const { channels, momentum = 0.9, epsilon = 1e-5, affine = true, initialScale = 1, activation = 'linear' } = options;
  checkIntegers('batchNorm', { channels });
  checkOneOf('batchNorm', 'activation', activation, ['linear', 'relu']);
  if (!(momentum >= 0 && momentum <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `batchNorm: \`momentum\` must be in [0, 1], got ${momentum}`);
  if (!(epsilon > 0)) throw new SelfsupError('SELFSUP_OPTION', `batchNorm: \`epsilon\` must be > 0, got ${epsilon}`);
  return () => {
    const filled = (value: number, trainable: boolean) =>
      createVariable<tf.Rank.R1>(new Float32Array(channels).fill(value), [channels], trainable);
    const learned = affine && { scale: filled(initialScale, true), offset: filled(0, true) };
    const [mean, variance] = [filled(0, false), filled(1, false)];
    return leafModule(
      { trainable: learned || {}, buffers: { mean, variance } },
      (input: T, { training, residual, updateStatistics = true, synchronize }: NormApplyOptions<T>) => {
        if (input.shape[input.rank - 1] !== channels)
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `batchNorm: \`input\` must have ${channels} channels, got shape [${input.shape.join(', ')}]`,
          );
        const { scale, offset } = learned || { scale: tf.ones<tf.Rank.R1>([channels]), offset: tf.zeros<tf.Rank.R1>([channels]) };
        if (!training || isFrozen(scale))
          return finishNorm(tf.batchNorm(input, mean, variance, offset, scale, epsilon) as T, { activation, residual });
        const parameters = { scale, offset, epsilon, activation, ...(residual && { residual }) };
        const batch =
          synchronize && synchronize.worldSize > 1
            ? synchronizedBatchNorm(input, { ...parameters, collective: synchronize })
            : { ...batchNormTraining(input, parameters), count: input.size / channels };
        if (!updateStatistics) return batch.y as T;
        const moved = movingStatistics({ mean, variance }, batch, { momentum, count: batch.count });
        mean.assign(moved.mean);
        variance.assign(moved.variance);
        return batch.y as T;
      },
    );
  };
}

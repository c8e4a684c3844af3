import * as tf from '@tensorflow/tfjs-core';
import { emaUpdate } from './ema-update.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

/** Statistics per channel, float32 `[channels]`. */
export interface ChannelStatistics {
  /** The average of the values. */
  mean: tf.Tensor1D;
  /** Biased where it is a batch's, unbiased where it is an average. */
  variance: tf.Tensor1D;
}

const KERNEL = 'SelfsupMovingStatistics';

/**
 * One step of the moving averages of batch normalization: momentum · old + (1 − momentum) · that of the batch, whose variance is made unbiased first.
 *
 * @param old the averages so far
 * @param batch mean and biased variance of a batch, as from {@link batchNormTraining}
 * @param options `momentum`, the weight of the old value, in [0, 1]; `count`, the values per channel in the batch, ≥ 2
 * @returns new tensors
 * @remarks No gradient. One program where the backend has the kernel `SelfsupMovingStatistics`.
 */
export function movingStatistics(
  old: ChannelStatistics,
  batch: ChannelStatistics,
  options: { momentum: number; count: number },
): ChannelStatistics {
  const { momentum, count } = options;
  const correction = count / (count - 1);
  if (hasKernel(KERNEL)) {
    const inputs = { mean: old.mean, variance: old.variance, batchMean: batch.mean, batchVariance: batch.variance };
    const [mean, variance] = runKernel<[tf.Tensor1D, tf.Tensor1D]>(KERNEL, inputs, { momentum, correction });
    return { mean, variance };
  }
  const mean = emaUpdate(old.mean, batch.mean, momentum);
  const variance = tf.tidy(() => emaUpdate(old.variance, tf.mul<tf.Tensor1D>(batch.variance, correction), momentum));
  return { mean, variance };
}

import * as tf from '@tensorflow/tfjs-core';
import { checkBinary } from './check-weights.ts';
import { weightedMean } from './weighted-mean.ts';

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions {
  /** float32 `[n]`, ≥ 0: how much each row counts; default 1. */
  weights?: tf.Tensor1D;
}

/**
 * The cross entropy of yes-or-no questions, as ELECTRA's of whether a token was replaced: the mean of log(1 + e^x) − y·x.
 *
 * @param logits float32 `[n]`: x, the log-odds of yes
 * @param labels `[n]`, any dtype: y, 1 for yes and 0 for no
 * @param options see {@link BinaryCrossEntropyOptions}
 * @returns float32 scalar in nats, Σ weights · loss / Σ weights; 0 where all weights are
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit; `SELFSUP_DTYPE` unless logits and weights are float32
 * @see Clark et al.: "ELECTRA", section 2, https://arxiv.org/abs/2003.10555
 * @remarks As PyTorch's `binary_cross_entropy_with_logits` with `weight`, divided by the sum of the weights. The gradient goes to the logits.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { binaryCrossEntropy } from '@selfsup/losses';
 * binaryCrossEntropy(tf.tensor1d([0, 0]), tf.tensor1d([0, 1])).print(); // 0.6931: log 2
 * ```
 */
export function binaryCrossEntropy(logits: tf.Tensor1D, labels: tf.Tensor1D, options: BinaryCrossEntropyOptions = {}): tf.Scalar {
  const { weights } = options;
  checkBinary('binaryCrossEntropy', { logits, labels, weights });
  return tf.tidy(() => {
    const losses = tf.sub<tf.Tensor1D>(tf.softplus(logits), tf.mul(tf.cast(labels, 'float32'), logits)); // [n]
    return weights ? weightedMean(losses, weights) : tf.mean<tf.Scalar>(losses);
  });
}

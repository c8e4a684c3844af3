import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy } from '@selfsup/core';
import { checkClassification } from './check-weights.ts';
import { labelWeights, weightedMean } from './weighted-mean.ts';

/** Options of {@link maskedCrossEntropy}. */
export interface MaskedCrossEntropyOptions {
  /** float32 `[n]`, ≥ 0: how much each row counts; default 1. */
  weights?: tf.Tensor1D;
}

/**
 * The cross entropy of masked language modeling: the mean of −log softmax(logits)[label] over the positions that count.
 *
 * @param logits float32 `[n, classes]`, one row for each position
 * @param labels int32 `[n]`, below `classes`; a row with a negative label does not count
 * @param options see {@link MaskedCrossEntropyOptions}
 * @returns float32 scalar in nats, Σ weights · loss / Σ weights; 0 where nothing counts. Its exponential is the perplexity
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit; `SELFSUP_DTYPE` unless logits and weights are float32 and labels int32
 * @see Devlin et al.: "BERT", section 3.1, task 1, https://arxiv.org/abs/1810.04805
 * @remarks As PyTorch's `cross_entropy` with `ignore_index`, but 0 where it has NaN; google-research/bert adds 1e-5 to the sum of the weights. The gradient
 * goes to the logits.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { maskedCrossEntropy } from '@selfsup/losses';
 * const logits = tf.tensor2d([[0, 0], [5, 0]]);
 * maskedCrossEntropy(logits, tf.tensor1d([1, -1], 'int32')).print(); // 0.6931: log 2, the second row does not count
 * ```
 */
export function maskedCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, options: MaskedCrossEntropyOptions = {}): tf.Scalar {
  const { weights } = options;
  checkClassification('maskedCrossEntropy', { logits, labels, weights });
  return tf.tidy(() => weightedMean(softmaxCrossEntropy(logits, labels), labelWeights(labels, weights)));
}

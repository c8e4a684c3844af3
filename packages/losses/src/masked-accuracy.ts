import * as tf from '@tensorflow/tfjs-core';
import { checkClassification } from './check-weights.ts';
import type { MaskedCrossEntropyOptions } from './masked-cross-entropy.ts';
import { labelWeights, weightedMean } from './weighted-mean.ts';

/**
 * How often the largest logit is the label's, over the positions that count: the metric beside {@link maskedCrossEntropy}.
 *
 * @param logits float32 `[n, classes]`
 * @param labels int32 `[n]`; a row with a negative label does not count
 * @param options see {@link MaskedCrossEntropyOptions}
 * @returns float32 scalar in [0, 1]; 0 where nothing counts
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit; `SELFSUP_DTYPE` unless logits and weights are float32 and labels int32
 * @remarks Has no gradient and records nothing on a gradient tape.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { maskedAccuracy } from '@selfsup/losses';
 * maskedAccuracy(tf.tensor2d([[0, 1], [5, 0]]), tf.tensor1d([1, 1], 'int32')).print(); // 0.5
 * ```
 */
export function maskedAccuracy(logits: tf.Tensor2D, labels: tf.Tensor1D, options: MaskedCrossEntropyOptions = {}): tf.Scalar {
  const { weights } = options;
  checkClassification('maskedAccuracy', { logits, labels, weights });
  // inside a custom gradient nothing is taped
  const untaped = tf.customGrad((input) => ({
    value: weightedMean(tf.cast<tf.Tensor1D>(tf.equal(tf.argMax(input as tf.Tensor, 1), labels), 'float32'), labelWeights(labels, weights)),
    gradFunc: () => tf.zerosLike(logits),
  }));
  return tf.tidy(() => untaped(logits));
}

import * as tf from '@tensorflow/tfjs-core';
import type { BinaryCrossEntropyOptions } from './binary-cross-entropy.ts';
import { checkBinary } from './check-weights.ts';
import { weightedMean } from './weighted-mean.ts';

/**
 * How often the sign of a logit answers the question: the metric beside {@link binaryCrossEntropy}. With the labels as weights it is the recall.
 *
 * @param logits float32 `[n]`, > 0 for yes
 * @param labels `[n]`, any dtype, 1 for yes and 0 for no
 * @param options see {@link BinaryCrossEntropyOptions}
 * @returns float32 scalar in [0, 1]; 0 where all weights are
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit; `SELFSUP_DTYPE` unless logits and weights are float32
 * @remarks Has no gradient and records nothing on a gradient tape.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { binaryAccuracy } from '@selfsup/losses';
 * binaryAccuracy(tf.tensor1d([2, -1]), tf.tensor1d([1, 1])).print(); // 0.5
 * ```
 */
export function binaryAccuracy(logits: tf.Tensor1D, labels: tf.Tensor1D, options: BinaryCrossEntropyOptions = {}): tf.Scalar {
  const { weights } = options;
  checkBinary('binaryAccuracy', { logits, labels, weights });
  const measure = (x: tf.Tensor): tf.Scalar => {
    const hits = tf.cast<tf.Tensor1D>(tf.equal(tf.greater(x, 0), tf.cast(labels, 'bool')), 'float32');
    return weights ? weightedMean(hits, weights) : tf.mean<tf.Scalar>(hits);
  };
  // inside a custom gradient nothing is taped
  const untaped = tf.customGrad((input) => ({ value: measure(input as tf.Tensor), gradFunc: () => tf.zerosLike(logits) }));
  return tf.tidy(() => untaped(logits));
}

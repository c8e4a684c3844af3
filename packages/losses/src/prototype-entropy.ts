import * as tf from '@tensorflow/tfjs-core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';

/** Options of {@link prototypeEntropy}. */
export interface PrototypeEntropyOptions {
  /** The scores are divided by it; > 0, default 0.1. */
  temperature?: number;
}

/**
 * How evenly a batch uses the prototypes: the entropy of the mean prediction, as a part of the greatest possible one.
 *
 * With p the mean over rows of softmax(scores/temperature): −Σₖ pₖ log pₖ / log(numPrototypes).
 *
 * @param scores float32 `[n, numPrototypes]`
 * @param options see {@link PrototypeEntropyOptions}
 * @returns float32 scalar in [0, 1]: 1 when all prototypes are used alike, 0 when a single one takes every row, or where there is only one
 * @throws SelfsupError `SELFSUP_SHAPE` on another rank; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad temperature
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", section 3.1, https://arxiv.org/abs/2006.09882
 * @remarks Has no gradient and records nothing on a gradient tape. Of codes that {@link sinkhorn} made it would always be near 1; of the predictions it is
 * not.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { prototypeEntropy } from '@selfsup/losses';
 * prototypeEntropy(tf.tensor2d([[9, 0], [0, 9]])).print(); // 1
 * ```
 */
export function prototypeEntropy(scores: tf.Tensor2D, options: PrototypeEntropyOptions = {}): tf.Scalar {
  const { temperature = 0.1 } = options;
  checkEmbeddings('prototypeEntropy', [['scores', scores]]);
  checkTemperature('prototypeEntropy', temperature);
  const entropy = (): tf.Scalar => {
    const use = tf.mean(tf.softmax(tf.div(scores, temperature)), 0); // [numPrototypes]
    const nats = tf.neg(tf.sum(tf.mul(use, tf.log(tf.maximum(use, 1e-30)))));
    return tf.div<tf.Scalar>(nats, Math.log(Math.max(2, scores.shape[1])));
  };
  // inside a custom gradient nothing is taped
  const untaped = tf.customGrad(() => ({ value: entropy(), gradFunc: () => tf.zerosLike(scores) }));
  return untaped(scores);
}

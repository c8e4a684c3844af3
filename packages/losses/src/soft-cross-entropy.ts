import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkPerRow } from './check-weights.ts';

/** Options of {@link softCrossEntropy}. */
export interface SoftCrossEntropyOptions {
  /** float32 `[n]`, ≥ 0: what each row's loss is multiplied by; default 1. */
  weights?: tf.Tensor1D;
}

/**
 * The cross entropy of distributions: the mean over the rows of −Σ targets · log softmax(logits), each row times its weight.
 *
 * @param logits float32 `[n, classes]`
 * @param targets float32 `[n, classes]`, each row a distribution
 * @param options see {@link SoftCrossEntropyOptions}
 * @returns float32 scalar in nats, Σ weights · loss / n
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit; `SELFSUP_DTYPE` unless all are float32
 * @see Zhang, Isola, Efros: "Colorful Image Colorization", equation 2, https://arxiv.org/abs/1603.08511
 * @remarks The sum is divided by the number of rows, not by the sum of the weights as in `maskedCrossEntropy`: weights whose expectation is 1 leave the scale as
 * it is, and a batch of rare classes counts more than one of frequent ones. The gradient goes to the logits.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { softCrossEntropy } from '@selfsup/losses';
 * softCrossEntropy(tf.tensor2d([[0, 0]]), tf.tensor2d([[0.3, 0.7]])).print(); // 0.6931: log 2
 * ```
 */
export function softCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D, options: SoftCrossEntropyOptions = {}): tf.Scalar {
  const { weights } = options;
  check(logits, targets, weights);
  const n = logits.shape[0];
  return tf.tidy(() => {
    const factors = weights ? tf.mul<tf.Tensor2D>(targets, tf.reshape(weights, [n, 1])) : targets;
    const lose = tf.customGrad((input, save) => {
      const $logits = input as tf.Tensor2D;
      const shifted = tf.sub<tf.Tensor2D>($logits, tf.max($logits, 1, true)); // [n, classes], at most 0
      const logTotal = tf.log(tf.sum(tf.exp(shifted), 1, true)); // [n, 1]
      const logProbabilities = tf.sub<tf.Tensor2D>(shifted, logTotal);
      (save as (tensors: tf.Tensor[]) => void)([logProbabilities, factors]);
      const value = tf.div(tf.neg(tf.sum(tf.mul(factors, logProbabilities))), n);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.tidy(() => {
          const [savedLogs, savedFactors] = saved as [tf.Tensor2D, tf.Tensor2D];
          const mass = tf.sum(savedFactors, 1, true); // [n, 1]: the weight, where targets add up to 1
          return tf.mul(tf.sub(tf.mul(tf.exp(savedLogs), mass), savedFactors), tf.div(dy, n)); // [n, classes]
        });
      return { value, gradFunc };
    });
    return lose(logits) as tf.Scalar;
  });
}

function check(logits: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor | undefined): void {
  if (logits.rank !== 2 || logits.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `softCrossEntropy: \`logits\` must have shape [n >= 1, classes >= 1], got [${logits.shape.join(', ')}]`,
    );
  if (targets.shape.join() !== logits.shape.join())
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `softCrossEntropy: \`targets\` must have shape [${logits.shape.join(', ')}] like \`logits\`, got [${targets.shape.join(', ')}]`,
    );
  for (const [name, tensor] of Object.entries({ logits, targets }))
    if (tensor.dtype !== 'float32')
      throw new SelfsupError('SELFSUP_DTYPE', `softCrossEntropy: \`${name}\` must be float32, got ${tensor.dtype}`);
  if (weights) checkPerRow('softCrossEntropy', { name: 'weights', tensor: weights, rows: logits.shape[0], dtype: 'float32' });
}

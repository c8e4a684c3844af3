import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';
import { similarityLogSumExp } from './similarity-log-sum-exp.ts';

/** Options of {@link decoupledContrastiveLoss}. */
export interface DecoupledContrastiveLossOptions {
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** True: DCLW, which weighs positives that lie far apart more. Default false: DCL. */
  weighted?: boolean;
  /** Width of the weights of `weighted`; > 0, default 0.5. */
  sigma?: number;
  /** True when the rows have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * The decoupled contrastive loss: NT-Xent without the positive in the denominator, so that small batches learn as well as large ones.
 *
 * With unit rows z of two views v and images i: mean over v and i of log Σ exp(⟨zᵢᵥ, z⟩/temperature) over the rows z of all other images − wᵢ ⟨zᵢ₁, zᵢ₂⟩/temperature.
 * DCL has wᵢ = 1, DCLW wᵢ = 2 − exp(⟨zᵢ₁, zᵢ₂⟩/sigma) / meanⱼ exp(⟨zⱼ₁, zⱼ₂⟩/sigma), whose mean is 1.
 *
 * @param a float32 `[n, dim]`, n ≥ 2, the first view. Rows are L2-normalized inside
 * @param b float32 `[n, dim]`, the second view; row i is of the image of row i of `a`
 * @param options see {@link DecoupledContrastiveLossOptions}
 * @returns float32 scalar, which may be negative
 * @throws SelfsupError `SELFSUP_SHAPE` on other ranks, unequal shapes or fewer than two rows; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad
 * temperature or sigma
 * @see Yeh et al.: "Decoupled Contrastive Learning", eqs. 4 to 6, https://arxiv.org/abs/2110.06848
 * @remarks The mean over both views; some codes add the two, which is twice as much. The weights carry no gradient.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { decoupledContrastiveLoss } from '@selfsup/losses';
 * const a = tf.tensor2d([[1, 0], [0, 1]]);
 * decoupledContrastiveLoss(a, a, { temperature: 0.5 }).print(); // -1.3069: log(2) - 2
 * ```
 */
export function decoupledContrastiveLoss(a: tf.Tensor2D, b: tf.Tensor2D, options: DecoupledContrastiveLossOptions = {}): tf.Scalar {
  const { temperature = 0.1, weighted = false, sigma = 0.5, normalized = false } = options;
  checkEmbeddings('decoupledContrastiveLoss', [
    ['a', a],
    ['b', b],
  ]);
  const n = a.shape[0];
  if (n < 2)
    throw new SelfsupError('SELFSUP_SHAPE', `decoupledContrastiveLoss: \`a\` must have at least 2 rows, got shape [${a.shape.join(', ')}]`);
  checkTemperature('decoupledContrastiveLoss', temperature);
  if (!(sigma > 0)) throw new SelfsupError('SELFSUP_OPTION', `decoupledContrastiveLoss: \`sigma\` must be > 0, got ${sigma}`);
  return tf.tidy(() => {
    const [first, second] = normalized ? [a, b] : [l2Normalize(a), l2Normalize(b)];
    const anchors = tf.concat([first, second], 0); // [2n, dim]
    const negatives = similarityLogSumExp(anchors, anchors, { temperature, omit: 'its image', images: n }); // [2n]
    const positive = tf.sum(tf.mul(first, second), 1); // [n]
    const weights = weighted ? tf.sub(2, tf.mul(tf.softmax(tf.div(stopGradient(positive), sigma)), n)) : tf.scalar(1); // [n] or []
    return tf.sub<tf.Scalar>(tf.mean(negatives), tf.div(tf.mean(tf.mul(weights, positive)), temperature));
  });
}

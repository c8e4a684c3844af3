import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { weightedMean } from './weighted-mean.ts';

/** Options of {@link skipGramLoss}. */
export interface SkipGramLossOptions {
  /** float32 `[n, contexts]`, ≥ 0: how much each pair counts, 0 for one that is none; default 1. */
  weights?: tf.Tensor2D;
}

/** Checks that both are float32 with as many rows, and the weights, if there are any, like `contexts`. */
function check(tensors: { contexts: tf.Tensor; noise: tf.Tensor; weights: tf.Tensor | undefined }): void {
  const { contexts, noise, weights } = tensors;
  const shapeOf = ({ shape }: tf.Tensor) => `[${shape.join(', ')}]`;
  for (const [name, tensor] of Object.entries({ contexts, noise, ...(weights && { weights }) }))
    if (tensor.dtype !== 'float32')
      throw new SelfsupError('SELFSUP_DTYPE', `skipGramLoss: \`${name}\` must be float32, got ${tensor.dtype}`);
  if (contexts.rank !== 2 || contexts.size === 0)
    throw new SelfsupError('SELFSUP_SHAPE', `skipGramLoss: \`contexts\` must have shape [n >= 1, contexts >= 1], got ${shapeOf(contexts)}`);
  if (noise.rank !== 2 || noise.size === 0 || noise.shape[0] !== contexts.shape[0])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `skipGramLoss: \`noise\` must have shape [${contexts.shape[0]}, negatives >= 1], a row for each of \`contexts\`, got ${shapeOf(noise)}`,
    );
  if (weights && weights.shape.join() !== contexts.shape.join())
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `skipGramLoss: \`weights\` must have shape ${shapeOf(contexts)} like \`contexts\`, got ${shapeOf(weights)}`,
    );
}

/**
 * Negative sampling of skip-gram: words around a center are told from drawn ones. The mean over the pairs of −log σ(u·v) − Σ log σ(−u·n).
 *
 * @param contexts float32 `[n, contexts]`: u·v, the product of center i with each word v around it
 * @param noise float32 `[n, negatives]`: u·n, that with each drawn word n; all pairs of a center have the same ones
 * @param options see {@link SkipGramLossOptions}
 * @returns float32 scalar in nats, Σ weights · loss / Σ weights; 0 where all weights are. With products of 0 it is (1 + negatives) · log 2
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit; `SELFSUP_DTYPE` unless all are float32
 * @see Mikolov et al.: "Distributed Representations of Words and Phrases and their Compositionality", equation 4, https://arxiv.org/abs/1310.4546
 * @remarks The paper draws words for each pair; for that, make each pair a row, with one context.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { skipGramLoss } from '@selfsup/losses';
 * skipGramLoss(tf.zeros([1, 2]), tf.zeros([1, 5])).print(); // 4.1589: 6 log 2
 * ```
 */
export function skipGramLoss(contexts: tf.Tensor2D, noise: tf.Tensor2D, options: SkipGramLossOptions = {}): tf.Scalar {
  const { weights } = options;
  check({ contexts, noise, weights });
  return tf.tidy(() => {
    const drawn = tf.sum(tf.softplus(noise), 1, true); // [n, 1]: log(1 + e^x) is -log sigmoid(-x)
    const losses = tf.add(tf.softplus(tf.neg(contexts)), drawn); // [n, contexts]
    return weights ? weightedMean(tf.reshape(losses, [-1]), tf.reshape(weights, [-1])) : tf.mean<tf.Scalar>(losses);
  });
}

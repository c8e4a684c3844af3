import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link negativeCosineSimilarity}. */
export interface NegativeCosineSimilarityOptions {
  /**
   * `'mean'` (default): the mean over the directions of −cos, as in SimSiam and, for BYOL too, in lightly. `'byol'`: the sum over the directions of 2 − 2·cos,
   * the squared distance of the unit rows, as in BYOL's code and in solo-learn: with two directions its gradient is 4 times as large.
   */
  convention?: 'mean' | 'byol';
}

/**
 * How far predictions point away from their targets: −cos of the angle between rows, mean over the batch.
 *
 * @param predictions one or more float32 tensors `[n, dim]`, one for each direction; rows are L2-normalized inside
 * @param targets as many, of the same shape: row i of `targets[d]` is what row i of `predictions[d]` should point to
 * @param options see {@link NegativeCosineSimilarityOptions}
 * @returns float32 scalar in [−1, 1], with `'byol'` in [0, 4 · directions]
 * @throws SelfsupError `SELFSUP_SHAPE` on no direction, unequal counts, other ranks or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a
 * bad convention
 * @see Chen, He: "Exploring Simple Siamese Representation Learning", eq. 1 and 2, https://arxiv.org/abs/2011.10566
 * @see Grill et al.: "Bootstrap Your Own Latent", eq. 2, https://arxiv.org/abs/2006.07733, for `'byol'`
 * @remarks Both sides get a gradient: pass targets through `stopGradient`, or compute them in a task's `targets`, where the method wants them constant.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { negativeCosineSimilarity } from '@selfsup/losses';
 * negativeCosineSimilarity([tf.tensor2d([[1, 0]])], [tf.tensor2d([[2, 0]])]).print(); // -1: the same direction
 * ```
 */
export function negativeCosineSimilarity(
  predictions: readonly tf.Tensor2D[],
  targets: readonly tf.Tensor2D[],
  options: NegativeCosineSimilarityOptions = {},
): tf.Scalar {
  const { convention = 'mean' } = options;
  const directions = predictions.length;
  if (directions === 0 || targets.length !== directions)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `negativeCosineSimilarity: \`targets\` must hold as many tensors as \`predictions\`, at least one, got ${targets.length} for ${directions}`,
    );
  checkEmbeddings('negativeCosineSimilarity', [
    ...predictions.map((rows, d) => [`predictions[${d}]`, rows] as const),
    ...targets.map((rows, d) => [`targets[${d}]`, rows] as const),
  ]);
  if (convention !== 'mean' && convention !== 'byol')
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `negativeCosineSimilarity: \`convention\` must be 'mean' or 'byol', got '${convention as string}'`,
    );
  return tf.tidy(() => {
    const cosines = predictions.map((rows, d) => tf.sum(tf.mul(l2Normalize(rows), l2Normalize(targets[d]!)), 1)); // each [n]
    const mean = tf.mean<tf.Scalar>(tf.stack(cosines));
    return convention === 'mean' ? tf.neg(mean) : tf.mul<tf.Scalar>(tf.sub(1, mean), 2 * directions);
  });
}

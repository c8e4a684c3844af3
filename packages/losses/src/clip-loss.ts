import { l2Normalize } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkScalars } from './check-scalars.ts';
import { similarityLogSumExp } from './similarity-log-sum-exp.ts';

/** Options of {@link clipLoss}. */
export interface ClipLossOptions {
  /** The similarities are multiplied by it: a number, or a float32 scalar that is learned; default 1 / 0.07, where CLIP starts. */
  scale?: tf.Scalar | number;
  /** True when all rows have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * CLIP's loss: which text belongs to an image among those of the batch, and which image to a text.
 *
 * With logits zᵢⱼ = scale · ⟨imageᵢ, textⱼ⟩ the mean over i of (log Σⱼ exp zᵢⱼ + log Σⱼ exp zⱼᵢ)/2 − zᵢᵢ.
 *
 * @param images float32 `[n, dim]`. Rows are L2-normalized inside
 * @param texts float32 `[n, dim]`, row i belongs to image i
 * @param options see {@link ClipLossOptions}
 * @returns float32 scalar ≥ 0, log n where nothing is told apart
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a scale that is not finite
 * @see Radford et al.: "Learning Transferable Visual Models From Natural Language Supervision", figure 3, https://arxiv.org/abs/2103.00020
 * @remarks The mean of `infoNce` in both directions, with a scale that may be learned: it receives a gradient. The paper learns its logarithm and keeps
 * the scale at 100 or less, which is left to the caller. Pairs with the same text are negatives of each other, as in the paper.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { clipLoss } from '@selfsup/losses';
 * const images = tf.tensor2d([[1, 0], [0, 1]]);
 * clipLoss(images, images, { scale: 1 }).print(); // 0.3133: log(1 + e^-1)
 * ```
 */
export function clipLoss(images: tf.Tensor2D, texts: tf.Tensor2D, options: ClipLossOptions = {}): tf.Scalar {
  const { scale = 1 / 0.07, normalized = false } = options;
  checkEmbeddings('clipLoss', [
    ['images', images],
    ['texts', texts],
  ]);
  checkScalars('clipLoss', { scale });
  return tf.tidy(() => {
    const unit = (x: tf.Tensor2D) => (normalized ? x : l2Normalize(x));
    const scaled = tf.mul<tf.Tensor2D>(unit(images), scale); // [n, dim]
    const t = unit(texts);
    const positive = tf.sum(tf.mul(scaled, t), 1); // [n]
    const [row, column] = [similarityLogSumExp(scaled, t, { temperature: 1 }), similarityLogSumExp(t, scaled, { temperature: 1 })]; // each [n]
    return tf.mean<tf.Scalar>(tf.sub(tf.mul(tf.add(row, column), 0.5), positive));
  });
}

import { l2Normalize } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkScalars } from './check-scalars.ts';

/** Options of {@link siglipLoss}. */
export interface SiglipLossOptions {
  /** The similarities are multiplied by it: a number, or a float32 scalar that is learned; default 10, where SigLIP starts. */
  scale?: tf.Scalar | number;
  /** Added to the scaled similarities, likewise; default −10, where SigLIP starts: most pairs do not belong together. */
  bias?: tf.Scalar | number;
  /** True when all rows have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * SigLIP's loss: of each image with each text of the batch, whether the two belong together.
 *
 * With logits zᵢⱼ = scale · ⟨imageᵢ, textⱼ⟩ + bias, and sᵢⱼ = 1 for i = j and −1 otherwise, (1/n) Σᵢⱼ log(1 + exp(−sᵢⱼ zᵢⱼ)).
 *
 * @param images float32 `[n, dim]`. Rows are L2-normalized inside
 * @param texts float32 `[n, dim]`, row i belongs to image i
 * @param options see {@link SiglipLossOptions}
 * @returns float32 scalar ≥ 0
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a scale or bias that is not finite
 * @see Zhai et al.: "Sigmoid Loss for Language Image Pre-Training", eq. 1 and algorithm 1, https://arxiv.org/abs/2303.15343
 * @remarks The sum over all n² pairs is divided by n, as in the paper, so that the loss grows with the batch. Scale and bias receive gradients; the paper
 * learns the logarithm of the scale, which is left to the caller.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { siglipLoss } from '@selfsup/losses';
 * const images = tf.tensor2d([[1, 0], [0, 1]]);
 * siglipLoss(images, images, { scale: 1, bias: 0 }).print(); // 1.0064: log(1 + e^-1) + log 2
 * ```
 */
export function siglipLoss(images: tf.Tensor2D, texts: tf.Tensor2D, options: SiglipLossOptions = {}): tf.Scalar {
  const { scale = 10, bias = -10, normalized = false } = options;
  checkEmbeddings('siglipLoss', [
    ['images', images],
    ['texts', texts],
  ]);
  checkScalars('siglipLoss', { scale, bias });
  const n = images.shape[0];
  return tf.tidy(() => {
    const unit = (x: tf.Tensor2D) => (normalized ? x : l2Normalize(x));
    const [i, t] = [unit(images), unit(texts)];
    const logits = tf.add(tf.matMul(tf.mul<tf.Tensor2D>(i, scale), t, false, true), bias); // [n, n]
    const against = tf.sub(1, tf.mul(2, tf.eye(n))); // [n, n]: -1 where the pair belongs together
    return tf.div<tf.Scalar>(tf.sum(tf.softplus(tf.mul(against, logits))), n);
  });
}

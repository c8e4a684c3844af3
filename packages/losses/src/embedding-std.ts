import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link embeddingStd}. */
export interface EmbeddingStdOptions {
  /** True when the rows have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * The mean over dimensions of the standard deviation over the batch of unit rows: an indicator of collapse.
 *
 * @param z float32 `[n, dim]`, n ≥ 2. Rows are L2-normalized inside
 * @param options see {@link EmbeddingStdOptions}
 * @returns float32 scalar: about 1/√dim for rows spread over the sphere, 0 when all are one
 * @throws SelfsupError `SELFSUP_SHAPE` on another rank or fewer than two rows; `SELFSUP_DTYPE` unless float32
 * @see Chen, He: "Exploring Simple Siamese Representation Learning", figure 2, https://arxiv.org/abs/2011.10566
 * @remarks The deviation is the unbiased one (n − 1). Has no gradient and records nothing on a gradient tape.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { embeddingStd } from '@selfsup/losses';
 * embeddingStd(tf.tensor2d([[1, 0], [2, 0]])).print(); // 0: collapsed
 * ```
 */
export function embeddingStd(z: tf.Tensor2D, options: EmbeddingStdOptions = {}): tf.Scalar {
  const { normalized = false } = options;
  checkEmbeddings('embeddingStd', [['z', z]]);
  const n = z.shape[0];
  if (n < 2) throw new SelfsupError('SELFSUP_SHAPE', `embeddingStd: \`z\` must have at least 2 rows, got shape [${z.shape.join(', ')}]`);
  const std = (): tf.Scalar => {
    const rows = normalized ? z : l2Normalize(z);
    const centered = tf.sub(rows, tf.mean(rows, 0)); // [n, dim]
    return tf.mean<tf.Scalar>(tf.sqrt(tf.div(tf.sum(tf.square(centered), 0), n - 1)));
  };
  const untaped = tf.customGrad(() => ({ value: std(), gradFunc: () => tf.zerosLike(z) })); // inside a custom gradient nothing is taped
  return untaped(z);
}

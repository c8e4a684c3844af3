import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkTermWeights } from './check-term-weights.ts';

/** Options of {@link ticoLoss}. */
export interface TicoLossOptions {
  /** float32 `[dim, dim]`: the moving average of the second moments, as {@link ticoCovariance} gave it after the step before. */
  covariance: tf.Tensor2D;
  /** The weight of the old average, in [0, 1]; default 0.9. */
  momentum?: number;
  /** The weight ρ of the covariance contrast, ≥ 0; default 8 as in the paper and lightly. */
  covarianceWeight?: number;
  /** `'paper'` (default): the moments of this step have a gradient. `'lightly'`: they are constants, which halves the gradient of their part. */
  convention?: 'paper' | 'lightly';
}

function check(who: string, a: tf.Tensor2D, { covariance, momentum = 0.9, convention = 'paper' }: TicoLossOptions): void {
  const dim = a.shape[1];
  if (covariance.shape.join() !== `${dim},${dim}`)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`covariance\` must have shape [${dim}, ${dim}], got [${covariance.shape.join(', ')}]`,
    );
  if (!(momentum >= 0 && momentum <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`momentum\` must be in [0, 1], got ${momentum}`);
  if (convention !== 'paper' && convention !== 'lightly')
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`convention\` must be 'paper' or 'lightly', got '${convention as string}'`);
}

/** momentum · covariance + (1 − momentum) · ZᵀZ/n of unit rows. */
const averaged = (z: tf.Tensor2D, { covariance, momentum = 0.9 }: TicoLossOptions): tf.Tensor2D =>
  tf.add<tf.Tensor2D>(tf.mul(covariance, momentum), tf.mul(tf.matMul(z, z, true), (1 - momentum) / z.shape[0]));

/**
 * The moving average of the second moments after a step, for the next one's {@link ticoLoss}.
 *
 * @param a float32 `[n, dim]`: the embeddings that the step's loss had as `a`
 * @param options see {@link TicoLossOptions}
 * @returns float32 `[dim, dim]`
 * @throws SelfsupError `SELFSUP_SHAPE`, `SELFSUP_DTYPE`, `SELFSUP_OPTION` as {@link ticoLoss}
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ticoCovariance } from '@selfsup/losses';
 * ticoCovariance(tf.tensor2d([[1, 0]]), { covariance: tf.zeros([2, 2]) }).print(); // [[0.1, 0], [0, 0]]
 * ```
 */
export function ticoCovariance(a: tf.Tensor2D, options: TicoLossOptions): tf.Tensor2D {
  checkEmbeddings('ticoCovariance', [['a', a]]);
  check('ticoCovariance', a, options);
  return tf.tidy(() => averaged(l2Normalize(a), options));
}

/**
 * TiCo's loss: both views agree, and directions that embeddings have taken lately are made expensive.
 *
 * 1 − mean ⟨aᵢ, bᵢ⟩ + ρ · mean aᵢᵀ·C·aᵢ with C = momentum · covariance + (1 − momentum) · AᵀA/n, for rows of unit length.
 *
 * @param a float32 `[n, dim]`: the online network's embeddings. Rows are L2-normalized inside
 * @param b float32 of the shape of `a`: those of the moving copy, of the other views
 * @param options see {@link TicoLossOptions}
 * @returns float32 scalar
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an option out of range
 * @see Zhu et al.: "TiCo: Transformation Invariance and Covariance Contrast for Self-Supervised Visual Representation Learning", algorithm 1,
 * https://arxiv.org/abs/2206.10698
 * @remarks This step's part of C has a gradient, unless the convention is lightly's (1.5.26), and the average before it none.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ticoLoss } from '@selfsup/losses';
 * const a = tf.tensor2d([[1, 0], [0, 1]]);
 * ticoLoss(a, a, { covariance: tf.zeros([2, 2]), momentum: 0, covarianceWeight: 1 }).print(); // 0.5
 * ```
 */
export function ticoLoss(a: tf.Tensor2D, b: tf.Tensor2D, options: TicoLossOptions): tf.Scalar {
  const { covarianceWeight = 8, convention = 'paper' } = options;
  checkEmbeddings('ticoLoss', [
    ['a', a],
    ['b', b],
  ]);
  check('ticoLoss', a, options);
  checkTermWeights('ticoLoss', { covarianceWeight });
  return tf.tidy(() => {
    const [x, y] = [l2Normalize(a), l2Normalize(b)];
    const agreement = tf.mean(tf.sum(tf.mul(x, y), 1));
    const contrast = tf.mean(tf.sum(tf.mul(tf.matMul(x, averaged(convention === 'lightly' ? stopGradient(x) : x, options)), x), 1));
    return tf.add<tf.Scalar>(tf.sub(1, agreement), tf.mul(contrast, covarianceWeight));
  });
}

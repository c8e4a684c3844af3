import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link featureDistillationLoss}. */
export interface FeatureDistillationLossOptions {
  /** `'cosine'` (default): 1 − cos of the angle between the rows, whatever their lengths. `'mse'`: the mean of the squared differences of their values. */
  measure?: 'cosine' | 'mse';
}

/**
 * How far what a student predicts lies from the features of its teacher: the mean over the rows.
 *
 * @param predictions float32 `[n, dim]`: the student's features after its projector
 * @param features float32 `[n, dim]`: the teacher's, row i of the sample of row i
 * @param options see {@link FeatureDistillationLossOptions}
 * @returns float32 scalar: in [0, 2] with `'cosine'`, ≥ 0 with `'mse'`
 * @throws SelfsupError `SELFSUP_SHAPE` on other ranks or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an unknown measure
 * @see Romero et al.: "FitNets: Hints for Thin Deep Nets", eq. 3, https://arxiv.org/abs/1412.6550, for `'mse'`
 * @remarks Both sides get a gradient; a task computes its teacher in `targets`, without a tape. With `'mse'` features of large values count more: normalize them
 * before.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { featureDistillationLoss } from '@selfsup/losses';
 * featureDistillationLoss(tf.tensor2d([[2, 0]]), tf.tensor2d([[1, 0]])).print(); // 0: the same direction
 * featureDistillationLoss(tf.tensor2d([[2, 0]]), tf.tensor2d([[1, 0]]), { measure: 'mse' }).print(); // 0.5
 * ```
 */
export function featureDistillationLoss(
  predictions: tf.Tensor2D,
  features: tf.Tensor2D,
  options: FeatureDistillationLossOptions = {},
): tf.Scalar {
  const { measure = 'cosine' } = options;
  checkEmbeddings('featureDistillationLoss', [
    ['predictions', predictions],
    ['features', features],
  ]);
  if (measure !== 'cosine' && measure !== 'mse')
    throw new SelfsupError('SELFSUP_OPTION', `featureDistillationLoss: \`measure\` must be 'cosine' or 'mse', got '${measure as string}'`);
  return tf.tidy(() => {
    if (measure === 'mse') return tf.mean<tf.Scalar>(tf.square(tf.sub(predictions, features)));
    const cosines = tf.sum(tf.mul(l2Normalize(predictions), l2Normalize(features)), 1); // [n]
    return tf.sub<tf.Scalar>(1, tf.mean(cosines));
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';
import { checkPerRow } from './check-weights.ts';
import { maskedCrossEntropy } from './masked-cross-entropy.ts';

/** Options of {@link smogLoss}. */
export interface SmogLossOptions {
  /** int32 `[n]`: the group of each image, as another view has it. */
  assignments: tf.Tensor1D;
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
}

/**
 * SMoG: a prediction must find the group of its image among all groups: the cross entropy of the cosines with the groups, divided by the temperature.
 *
 * @param predictions float32 `[n, dim]`. Rows are L2-normalized inside
 * @param groups float32 `[numGroups, dim]`, as `momentumGroups` has just moved them. Rows are L2-normalized inside
 * @param options see {@link SmogLossOptions}
 * @returns float32 scalar in nats, the mean over the images
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless rows are float32 and assignments int32; `SELFSUP_OPTION` on a
 * bad temperature
 * @see Pang et al.: "Unsupervised Visual Representation Learning by Synchronous Momentum Grouping", eq. 4, https://arxiv.org/abs/2207.06167
 * @remarks Predictions and groups both get a gradient.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { smogLoss } from '@selfsup/losses';
 * const groups = tf.tensor2d([[1, 0], [-1, 0]]);
 * smogLoss(tf.tensor2d([[1, 0]]), groups, { assignments: tf.tensor1d([0], 'int32'), temperature: 1 }).print(); // 0.1269: log(1 + e^-2)
 * ```
 */
export function smogLoss(predictions: tf.Tensor2D, groups: tf.Tensor2D, options: SmogLossOptions): tf.Scalar {
  const { assignments, temperature = 0.1 } = options;
  checkEmbeddings('smogLoss', [['predictions', predictions]]);
  checkEmbeddings('smogLoss', [['groups', groups]]);
  if (groups.shape[1] !== predictions.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `smogLoss: \`groups\` must have shape [numGroups, ${predictions.shape[1]}], got [${groups.shape.join(', ')}]`,
    );
  checkPerRow('smogLoss', { name: 'assignments', tensor: assignments, rows: predictions.shape[0], dtype: 'int32' });
  checkTemperature('smogLoss', temperature);
  return tf.tidy(() => {
    const cosines = tf.matMul(l2Normalize(predictions), l2Normalize(groups), false, true); // [n, numGroups]
    return maskedCrossEntropy(tf.div<tf.Tensor2D>(cosines, temperature), assignments);
  });
}

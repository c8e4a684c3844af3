import * as tf from '@tensorflow/tfjs-core';
import { oneHot, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link momentumGroups}. */
export interface MomentumGroupsOptions {
  /** The weight of a group's old vector, in [0, 1]; default 0.99. */
  momentum?: number;
}

/**
 * SMoG's synchronous momentum grouping: each row joins its most similar group, and groups move towards the mean of the rows that joined them.
 *
 * @param rows float32 `[n, dim]` of unit length
 * @param groups float32 `[numGroups, dim]`; no gradient reaches them
 * @param options see {@link MomentumGroupsOptions}
 * @returns float32 `[numGroups, dim]`: momentum · group + (1 − momentum) · the mean of its rows; a group that nothing joined stays
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a momentum outside [0, 1]
 * @see Pang et al.: "Unsupervised Visual Representation Learning by Synchronous Momentum Grouping", eq. 3, https://arxiv.org/abs/2207.06167
 * @remarks The gradient reaches the rows through the means, which is the point of the method; which group a row joins counts as constant. Groups are compared by
 * their direction; their length is that of the means.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { momentumGroups } from '@selfsup/losses';
 * const groups = tf.tensor2d([[1, 0], [0, 1]]);
 * momentumGroups(tf.tensor2d([[0.8, 0.6]]), groups, { momentum: 0.5 }).print(); // [[0.9, 0.3], [0, 1]]
 * ```
 */
export function momentumGroups(rows: tf.Tensor2D, groups: tf.Tensor2D, options: MomentumGroupsOptions = {}): tf.Tensor2D {
  const { momentum = 0.99 } = options;
  checkEmbeddings('momentumGroups', [['rows', rows]]);
  checkEmbeddings('momentumGroups', [['groups', groups]]);
  const [numGroups, dim] = groups.shape;
  if (dim !== rows.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `momentumGroups: \`groups\` must have shape [numGroups, ${rows.shape[1]}], got [${groups.shape.join(', ')}]`,
    );
  if (!(momentum >= 0 && momentum <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `momentumGroups: \`momentum\` must be in [0, 1], got ${momentum}`);
  const move = tf.customGrad((input, save) => {
    const $rows = input as tf.Tensor2D;
    const lengths = tf.maximum(tf.sqrt(tf.sum(tf.square(groups), 1, true)), 1e-12); // [numGroups, 1]
    const joined = tf.argMax(tf.matMul($rows, tf.div<tf.Tensor2D>(groups, lengths), false, true), 1); // [n]
    const members = oneHot(tf.cast(joined, 'int32') as tf.Tensor1D, numGroups); // [n, numGroups]
    const counts = tf.sum(members, 0); // [numGroups]
    const weights = tf.mul<tf.Tensor2D>(tf.div(members, tf.maximum(counts, 1)), 1 - momentum);
    const kept = tf.sub(1, tf.mul(tf.cast(tf.greater(counts, 0), 'float32'), 1 - momentum));
    (save as (tensors: tf.Tensor[]) => void)([weights]);
    const value = tf.add<tf.Tensor2D>(tf.mul(groups, tf.expandDims(kept, 1)), tf.matMul(weights, $rows, true));
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => tf.matMul(saved[0] as tf.Tensor2D, dy); // [n, dim]
    return { value, gradFunc };
  });
  return tf.tidy(() => move(rows));
}

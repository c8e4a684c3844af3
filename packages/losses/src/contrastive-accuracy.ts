import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkPerRow } from './check-weights.ts';
import { classOfRows } from './class-of-rows.ts';

/** Options of {@link contrastiveAccuracy}. */
export interface ContrastiveAccuracyOptions {
  /** int32 `[n]`: the class of each image, negative where unknown. Then a nearest row of the image's class counts as a hit, too; default without. */
  labels?: tf.Tensor1D;
  /** True when the rows have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * How often a row's nearest other row is another view of the same image, or with labels of its class: the top-1 accuracy of the prediction that {@link ntXent}
 * and {@link supConLoss} train.
 *
 * @param views two or more float32 tensors `[n, dim]` of one shape; row i of every view comes from image i
 * @param options see {@link ContrastiveAccuracyOptions}
 * @returns float32 scalar in [0, 1]; (views − 1)/(views · n − 1) is chance without labels
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views, other ranks, unequal shapes or another number of labels; `SELFSUP_DTYPE` unless views are float32
 * and labels int32
 * @remarks Has no gradient and records nothing on a gradient tape. One matrix product of `[views · n, dim]` with itself.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { contrastiveAccuracy } from '@selfsup/losses';
 * const a = tf.tensor2d([[1, 0], [0, 1]]);
 * contrastiveAccuracy([a, a]).print(); // 1
 * ```
 */
export function contrastiveAccuracy(views: readonly tf.Tensor2D[], options: ContrastiveAccuracyOptions = {}): tf.Scalar {
  const { normalized = false, labels } = options;
  if (views.length < 2)
    throw new SelfsupError('SELFSUP_SHAPE', `contrastiveAccuracy: \`views\` must hold at least 2 tensors, got ${views.length}`);
  checkEmbeddings(
    'contrastiveAccuracy',
    views.map((view, i) => [`views[${i}]`, view] as const),
  );
  const n = views[0]!.shape[0];
  const total = views.length * n;
  if (labels) checkPerRow('contrastiveAccuracy', { name: 'labels', tensor: labels, rows: n, dtype: 'int32' });
  const accuracy = (): tf.Scalar => {
    const stacked = tf.concat([...views], 0); // [views * n, dim]
    const rows = normalized ? stacked : l2Normalize(stacked);
    const similarity = tf.matMul(rows, rows, false, true); // [views * n, views * n]
    const counted = tf.sub(1, tf.eye(total)); // 0 on the diagonal
    const floor = tf.min(similarity, 1, true); // [views * n, 1]
    const nearest = tf.argMax(tf.mul(tf.sub(similarity, floor), counted), 1); // [views * n]
    const classes = tf.tile(classOfRows(labels, n), [views.length]); // [views * n]
    const others = tf.notEqual(nearest, tf.range(0, total, 1, 'int32')); // after a collapse a row may be its own nearest
    return tf.mean<tf.Scalar>(tf.cast(tf.logicalAnd(tf.equal(tf.gather(classes, nearest), classes), others), 'float32'));
  };
  // inside a custom gradient nothing is taped
  const untaped = tf.customGrad(() => ({ value: accuracy(), gradFunc: () => views.map((view) => tf.zerosLike(view)) }));
  return untaped(...views);
}

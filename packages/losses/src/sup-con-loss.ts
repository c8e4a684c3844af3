import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';
import { checkPerRow } from './check-weights.ts';
import { classOfRows } from './class-of-rows.ts';
import { similarityLogSumExp } from './similarity-log-sum-exp.ts';

/** Options of {@link supConLoss}. */
export interface SupConLossOptions {
  /** int32 `[n]`: the class of each image. A negative label says that it is unknown: then only the image's own views are positives. */
  labels: tf.Tensor1D;
  /** The similarities are divided by it; > 0, default 0.1 as in the paper. */
  temperature?: number;
  /**
   * `'average'` (default): the log-probabilities of an anchor's positives are averaged, the paper's L_out. `'sum-in-log'`: their probabilities are summed inside
   * the logarithm, as in solo-learn.
   */
  positives?: 'average' | 'sum-in-log';
  /** True when the rows have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * Supervised contrastive loss: each row must find the rows of all images of its class among all rows but itself.
 *
 * With unit rows z, anchor i and its positives P(i), all other rows of its class: mean over i of log Σ_{a≠i} exp(⟨zᵢ, zₐ⟩/temperature) − mean over p in P(i) of
 * ⟨zᵢ, z_p⟩/temperature.
 *
 * @param views two or more float32 tensors `[n, dim]` of one shape; row i of every view comes from image i. Rows are L2-normalized inside
 * @param options see {@link SupConLossOptions}
 * @returns float32 scalar, the mean over the anchors
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views, on other ranks, unequal shapes or another number of labels; `SELFSUP_DTYPE` unless views are
 * float32 and labels int32; `SELFSUP_OPTION` on a bad temperature or another value of `positives`
 * @see Khosla et al.: "Supervised Contrastive Learning", eq. 2, https://arxiv.org/abs/2004.11362
 * @remarks With a class of its own for each image, or without any label, it is `ntXent`. The authors' code multiplies by temperature / baseTemperature, which
 * is 1 by its defaults. An anchor is left out of its sum exactly, so that low temperatures are safe.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { supConLoss } from '@selfsup/losses';
 * const a = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * supConLoss([a, a], { labels: tf.tensor1d([0, 0, 1], 'int32'), temperature: 0.5 }).print(); // 1.0078
 * ```
 */
export function supConLoss(views: readonly tf.Tensor2D[], options: SupConLossOptions): tf.Scalar {
  const { labels, temperature = 0.1, positives = 'average', normalized = false } = options;
  if (views.length < 2) throw new SelfsupError('SELFSUP_SHAPE', `supConLoss: \`views\` must hold at least 2 tensors, got ${views.length}`);
  checkEmbeddings(
    'supConLoss',
    views.map((view, i) => [`views[${i}]`, view] as const),
  );
  checkPerRow('supConLoss', { name: 'labels', tensor: labels, rows: views[0]!.shape[0], dtype: 'int32' });
  checkTemperature('supConLoss', temperature);
  if (positives !== 'average' && positives !== 'sum-in-log')
    throw new SelfsupError('SELFSUP_OPTION', `supConLoss: \`positives\` must be 'average' or 'sum-in-log', got '${positives as string}'`);
  return tf.tidy(() => {
    const rows = normalized ? views : views.map((view) => l2Normalize(view));
    const anchors = tf.concat([...rows], 0); // [views * n, dim]
    const all = similarityLogSumExp(anchors, anchors, { temperature, omit: 'itself' }); // [views * n]
    const classes = classOfRows(labels, labels.shape[0]);
    const kin = tf.cast<tf.Tensor2D>(tf.equal(tf.expandDims(classes, 1), tf.expandDims(classes, 0)), 'float32'); // [n, n]: 1 where two images are kin or one
    const own = positives === 'average' ? averageLogits(rows, { kin, temperature }) : summedLogits(anchors, { kin, temperature });
    return tf.mean<tf.Scalar>(tf.sub(all, own));
  });
}

/** For each anchor the mean logit of its positives: its product with their mean. */
function averageLogits(rows: readonly tf.Tensor2D[], { kin, temperature }: { kin: tf.Tensor2D; temperature: number }): tf.Tensor1D {
  const sums = tf.matMul(kin, tf.addN([...rows])); // [n, dim]: over all views of all images of the class, the anchor included
  const counts = tf.sub(tf.mul(tf.sum(kin, 1), rows.length), 1); // [n]
  return tf.concat(rows.map((row) => tf.div<tf.Tensor1D>(tf.sum(tf.mul(row, tf.sub(sums, row)), 1), tf.mul(counts, temperature))));
}

/** For each anchor the logarithm of the summed exponentials of its positives' logits. */
function summedLogits(anchors: tf.Tensor2D, { kin, temperature }: { kin: tf.Tensor2D; temperature: number }): tf.Tensor1D {
  const count = anchors.shape[0];
  const times = count / kin.shape[0];
  const isPositive = tf.cast(tf.sub(tf.tile(kin, [times, times]), tf.eye(count)), 'bool');
  const logits = tf.div(tf.matMul(anchors, anchors, false, true), temperature); // [views * n, views * n]
  return tf.logSumExp(tf.where(isPositive, logits, tf.fill([count, count], -1e30)), 1);
}

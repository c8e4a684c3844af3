import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';
import { similarityLogSumExp } from './similarity-log-sum-exp.ts';

/** Options of {@link ntXent}. */
export interface NtXentOptions {
  /** The similarities are divided by it; > 0, default 0.5. */
  temperature?: number;
  /**
   * `'mean'` (default): the mean over all anchors, as the paper writes it and lightly and solo-learn compute it. `'sum-of-views'`: the sum over the views of
   * the mean over the images, as in Google's SimCLR code, which is `views.length` times as large; learning rates differ accordingly.
   */
  convention?: 'mean' | 'sum-of-views';
  /**
   * With more than two views an anchor has several positives. `'average'` (default): their log-probabilities are averaged (SupCon's L_out).
   * `'sum-in-log'`: their probabilities are summed inside the logarithm, as in solo-learn. The same for two views.
   */
  positives?: 'average' | 'sum-in-log';
  /** True when the rows have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
  /**
   * Anchors whose similarities are computed at a time, ≥ 1; default all. Memory is then that of `[blockSize, candidates]` matrices instead of
   * `[anchors, candidates]`, forward and backward; value and gradient are the same up to rounding.
   */
  blockSize?: number;
}

/** For each anchor the logit of its positives, in the order of the concatenated views. */
function positiveLogits(rows: readonly tf.Tensor2D[], temperature: number, inLog: boolean): tf.Tensor {
  const pairs = rows.map((row, v) => rows.slice(0, v).map((other) => tf.div(tf.sum(tf.mul(row, other), 1), temperature))); // each [n]
  const perView = rows.map((_, v) => {
    const others = rows.flatMap((__, w) => (w === v ? [] : [pairs[Math.max(v, w)]![Math.min(v, w)]!]));
    const logits = tf.stack(others, 1); // [n, views - 1]
    return inLog ? tf.logSumExp(logits, 1) : tf.mean(logits, 1); // [n]
  });
  return tf.concat(perView, 0); // [views * n]
}

/**
 * The normalized temperature-scaled cross entropy of SimCLR: each row must find its image's other views among all rows of all views but itself.
 *
 * With unit rows z, anchor i and its positives P(i): mean over i of log Σ_{a≠i} exp(⟨zᵢ, zₐ⟩/temperature) − mean over p in P(i) of ⟨zᵢ, z_p⟩/temperature.
 *
 * @param views two or more float32 tensors `[n, dim]` of one shape; row i of every view comes from image i. Rows are L2-normalized inside
 * @param options see {@link NtXentOptions}
 * @returns float32 scalar ≥ 0 for `positives: 'average'` and `'sum-in-log'` alike
 * @throws SelfsupError `SELFSUP_SHAPE` on fewer than two views, other ranks or unequal shapes; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad
 * temperature, convention, positives or block size
 * @see Chen et al.: "A Simple Framework for Contrastive Learning of Visual Representations", eq. 1, https://arxiv.org/abs/2002.05709
 * @see Khosla et al.: "Supervised Contrastive Learning", eq. 2, https://arxiv.org/abs/2004.11362, for several positives
 * @remarks Google's code subtracts 1e9 on the diagonal; here an anchor is left out exactly, also in half precision, and temperatures of 0.01 are safe. The
 * similarity matrix is computed again for the gradient instead of being kept.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ntXent } from '@selfsup/losses';
 * const a = tf.tensor2d([[1, 0], [0, 1]]);
 * const loss = ntXent([a, a], { temperature: 0.5 });
 * loss.print(); // 0.2395: log(e^2 + 2) - 2
 * ```
 */
export function ntXent(views: readonly tf.Tensor2D[], options: NtXentOptions = {}): tf.Scalar {
  const { temperature = 0.5, convention = 'mean', positives = 'average', normalized = false, blockSize } = options;
  if (views.length < 2) throw new SelfsupError('SELFSUP_SHAPE', `ntXent: \`views\` must hold at least 2 tensors, got ${views.length}`);
  checkEmbeddings(
    'ntXent',
    views.map((view, i) => [`views[${i}]`, view] as const),
  );
  checkTemperature('ntXent', temperature);
  if (blockSize !== undefined && !(Number.isInteger(blockSize) && blockSize >= 1))
    throw new SelfsupError('SELFSUP_OPTION', `ntXent: \`blockSize\` must be an integer >= 1, got ${blockSize}`);
  for (const [name, value, allowed] of [
    ['convention', convention, ['mean', 'sum-of-views']],
    ['positives', positives, ['average', 'sum-in-log']],
  ] as const)
    if (!(allowed as readonly string[]).includes(value))
      throw new SelfsupError('SELFSUP_OPTION', `ntXent: \`${name}\` must be '${allowed.join("' or '")}', got '${value as string}'`);
  return tf.tidy(() => {
    const rows = normalized ? views : views.map((view) => l2Normalize(view));
    const anchors = tf.concat([...rows], 0); // [views * n, dim]
    const all = similarityLogSumExp(anchors, anchors, { temperature, omit: 'itself', ...(blockSize && { blockSize }) }); // [views * n]
    const loss = tf.mean<tf.Scalar>(tf.sub(all, positiveLogits(rows, temperature, positives === 'sum-in-log')));
    return convention === 'mean' ? loss : tf.mul<tf.Scalar>(loss, views.length);
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';
import { checkPerRow } from './check-weights.ts';

/** Options of {@link memoryNce}. */
export interface MemoryNceOptions {
  /** int32 `[n]`: which row of the memory belongs to each query, from 0 on. */
  indices: tf.Tensor1D;
  /** float32 `[n, dim]`: what each query must find; default its row of the memory. No gradient reaches it. */
  positives?: tf.Tensor2D;
  /** int32 `[numNegatives]`: the rows of the memory that are negatives; default all. A query's own row is left out. */
  negatives?: tf.Tensor1D;
  /** The similarities are divided by it; > 0, default 0.07. */
  temperature?: number;
  /** True when all rows, the memory's included, have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * Contrast with a memory of all images: a query must find the memory of its image among those of others.
 *
 * With unit rows: mean over i of log(1 + Σⱼ exp(⟨qᵢ, mⱼ⟩/temperature) / exp(⟨qᵢ, m_own⟩/temperature)), j over the negatives other than i's own.
 *
 * @param query float32 `[n, dim]`. Rows are L2-normalized inside
 * @param memory float32 `[numImages, dim]`; no gradient reaches it
 * @param options see {@link MemoryNceOptions}
 * @returns float32 scalar ≥ 0, the mean over the queries
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless rows are float32 and indices int32; `SELFSUP_OPTION` on a bad
 * temperature
 * @see Wu et al.: "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", https://arxiv.org/abs/1805.01978
 * @see Misra, van der Maaten: "Self-Supervised Learning of Pretext-Invariant Representations", eq. 4 and 5, https://arxiv.org/abs/1912.01991
 * @remarks It is the first term of PIRL's eq. 5. The sum over negatives beside it, −log(1 − h) with h relative to all negatives, is near 1 whatever the network
 * does, and is left out.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { memoryNce } from '@selfsup/losses';
 * const memory = tf.tensor2d([[1, 0], [-1, 0]]);
 * memoryNce(tf.tensor2d([[1, 0]]), memory, { indices: tf.tensor1d([0], 'int32'), temperature: 1 }).print(); // 0.1269: log(1 + e^-2)
 * ```
 */
export function memoryNce(query: tf.Tensor2D, memory: tf.Tensor2D, options: MemoryNceOptions): tf.Scalar {
  const { indices, positives, negatives, temperature = 0.07, normalized = false } = options;
  checkEmbeddings('memoryNce', [['query', query]]);
  checkEmbeddings('memoryNce', [['memory', memory]]);
  if (memory.shape[1] !== query.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `memoryNce: \`memory\` must have shape [numImages, ${query.shape[1]}], got [${memory.shape.join(', ')}]`,
    );
  checkPerRow('memoryNce', { name: 'indices', tensor: indices, rows: query.shape[0], dtype: 'int32' });
  if (positives)
    checkEmbeddings('memoryNce', [
      ['query', query],
      ['positives', positives],
    ]);
  if (negatives) checkPerRow('memoryNce', { name: 'negatives', tensor: negatives, rows: negatives.size, dtype: 'int32' });
  checkTemperature('memoryNce', temperature);
  return tf.tidy(() => {
    const unit = (x: tf.Tensor2D) => (normalized ? x : l2Normalize(x));
    const [q, m] = [tf.div<tf.Tensor2D>(unit(query), temperature), unit(stopGradient(memory))];
    const rows = negatives ?? tf.range(0, memory.shape[0], 1, 'int32');
    const own = tf.sum(tf.mul(q, positives ? unit(stopGradient(positives)) : tf.gather(m, indices)), 1); // [n]
    const logits = tf.matMul(q, negatives ? tf.gather(m, rows) : m, false, true); // [n, numNegatives]
    const isOwn = tf.equal(tf.expandDims(indices, 1), tf.expandDims(rows, 0));
    const others = tf.logSumExp(tf.where(isOwn, tf.fill(logits.shape, -1e30), logits), 1); // [n]
    return tf.mean<tf.Scalar>(tf.softplus(tf.sub(others, own)));
  });
}

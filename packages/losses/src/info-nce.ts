import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings, checkTemperature } from './check-embeddings.ts';
import { similarityLogSumExp } from './similarity-log-sum-exp.ts';

/** Options of {@link infoNce}. */
export interface InfoNceOptions {
  /** The similarities are divided by it; > 0, default 0.07 (MoCo v1; MoCo v2 and v3 use 0.2). */
  temperature?: number;
  /** float32 `[queueSize, dim]`: the negatives, instead of the other images' keys; no gradient reaches them. */
  queue?: tf.Tensor2D;
  /** True when all rows, the queue's included, have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * InfoNCE: the cross entropy of finding, for each query, its own key among negatives.
 *
 * In-batch, the negatives of query i are the keys of the other images: mean over i of log Σⱼ exp(⟨qᵢ, kⱼ⟩/temperature) − ⟨qᵢ, kᵢ⟩/temperature.
 * With a queue they are its rows, and the other images' keys do not count: the logits are [⟨qᵢ, kᵢ⟩, ⟨qᵢ, queue⟩]/temperature with label 0.
 *
 * @param query float32 `[n, dim]`. Rows are L2-normalized inside
 * @param key float32 `[n, dim]`, row i belongs to query i
 * @param options see {@link InfoNceOptions}
 * @returns float32 scalar ≥ 0, the mean over the queries
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on a bad temperature
 * @see van den Oord et al.: "Representation Learning with Contrastive Predictive Coding", eq. 4, https://arxiv.org/abs/1807.03748
 * @see He et al.: "Momentum Contrast", eq. 1, https://arxiv.org/abs/1911.05722
 * @remarks Query and key both receive a gradient; MoCo computes its keys without a tape, so there they receive none. The loss has one direction: for the
 * symmetric form add `infoNce(b, a)`. MoCo v3 multiplies by 2 · temperature, which is left to the caller. The queue must be the one from before this
 * batch's keys were enqueued. The similarity matrix is computed again for the gradient instead of being kept.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { infoNce } from '@selfsup/losses';
 * const query = tf.tensor2d([[1, 0], [0, 1]]);
 * infoNce(query, query, { temperature: 1 }).print(); // 0.3133: log(1 + e^-1)
 * infoNce(query, query, { temperature: 1, queue: tf.tensor2d([[-1, 0], [0, -1]]) }).print(); // log(1 + e^-1 + e^-2)
 * ```
 */
export function infoNce(query: tf.Tensor2D, key: tf.Tensor2D, options: InfoNceOptions = {}): tf.Scalar {
  const { temperature = 0.07, queue, normalized = false } = options;
  checkEmbeddings('infoNce', [
    ['query', query],
    ['key', key],
  ]);
  checkTemperature('infoNce', temperature);
  if (queue) {
    checkEmbeddings('infoNce', [['queue', queue]]);
    if (queue.shape[1] !== query.shape[1])
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `infoNce: \`queue\` must have shape [queueSize, ${query.shape[1]}], got [${queue.shape.join(', ')}]`,
      );
  }
  return tf.tidy(() => {
    const unit = (x: tf.Tensor2D) => (normalized ? x : l2Normalize(x));
    const [q, k] = [unit(query), unit(key)];
    const positive = tf.div(tf.sum(tf.mul(q, k), 1), temperature); // [n]
    if (queue) {
      const negatives = similarityLogSumExp(q, unit(queue), { temperature, detachCandidates: true }); // [n]
      return tf.mean<tf.Scalar>(tf.softplus(tf.sub(negatives, positive))); // -log(e^p / (e^p + e^n)) = log(1 + e^(n - p))
    }
    const all = similarityLogSumExp(q, k, { temperature }); // [n]
    return tf.mean<tf.Scalar>(tf.sub(all, positive));
  });
}

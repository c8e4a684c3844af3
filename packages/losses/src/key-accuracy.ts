import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Options of {@link keyAccuracy}. */
export interface KeyAccuracyOptions {
  /** float32 `[queueSize, dim]`: the negatives, instead of the other rows' keys. */
  queue?: tf.Tensor2D;
  /** True when all rows, the queue's included, have unit length already; then they are used as they are. Default false. */
  normalized?: boolean;
}

/**
 * How often a query is nearer to its own key than to every negative: the top-1 accuracy of the prediction that {@link infoNce} trains.
 *
 * @param query float32 `[n, dim]`
 * @param key float32 `[n, dim]`, row i belongs to query i
 * @param options see {@link KeyAccuracyOptions}
 * @returns float32 scalar in [0, 1]; 1/n is chance in-batch, 1/(1 + queueSize) with a queue. A tie counts as a miss
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32
 * @remarks Has no gradient and records nothing on a gradient tape. One matrix product of the queries with the keys or the queue.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { keyAccuracy } from '@selfsup/losses';
 * const query = tf.tensor2d([[1, 0], [0, 1]]);
 * keyAccuracy(query, query).print(); // 1
 * ```
 */
export function keyAccuracy(query: tf.Tensor2D, key: tf.Tensor2D, options: KeyAccuracyOptions = {}): tf.Scalar {
  const { queue, normalized = false } = options;
  checkEmbeddings('keyAccuracy', [
    ['query', query],
    ['key', key],
  ]);
  if (queue) {
    checkEmbeddings('keyAccuracy', [['queue', queue]]);
    if (queue.shape[1] !== query.shape[1])
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `keyAccuracy: \`queue\` must have shape [queueSize, ${query.shape[1]}], got [${queue.shape.join(', ')}]`,
      );
  }
  const n = query.shape[0];
  const accuracy = (): tf.Scalar => {
    const unit = (x: tf.Tensor2D) => (normalized ? x : l2Normalize(x));
    const [q, k] = [unit(query), unit(key)];
    const positive = tf.sum(tf.mul(q, k), 1, true); // [n, 1]
    const similarity = tf.matMul(q, queue ? unit(queue) : k, false, true); // [n, queueSize] or [n, n]
    const beaten = tf.cast(tf.greaterEqual(similarity, positive), 'float32');
    // in-batch the key itself stands among the candidates, where rounding may put it on either side
    const negatives = queue ? beaten : tf.mul(beaten, tf.sub(1, tf.eye(n)));
    return tf.mean<tf.Scalar>(tf.cast(tf.equal(tf.sum(negatives, 1), 0), 'float32'));
  };
  // inside a custom gradient nothing is taped
  const untaped = tf.customGrad(() => ({ value: accuracy(), gradFunc: () => [tf.zerosLike(query), tf.zerosLike(key)] }));
  return untaped(query, key);
}

import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { checkPerRow } from './check-weights.ts';

/** Options of {@link sinkhorn}. */
export interface SinkhornOptions {
  /** The scores are divided by it; > 0, default 0.05. The smaller, the nearer the codes are to one-hot. */
  epsilon?: number;
  /** How often prototypes and then rows are normalized; an integer ≥ 1, default 3. */
  iterations?: number;
  /** float32 `[queueSize, numPrototypes]`: scores of earlier embeddings, which take part in the balance but get no codes. For scores of rank 2. */
  queue?: tf.Tensor2D;
  /** float32 `[n]`, 1 for a row that takes part in the balance, 0 for one that only fills up, whose codes mean nothing; default all do. For scores of rank 2. */
  counted?: tf.Tensor1D;
}

/**
 * The codes of SwAV: assigns rows to prototypes so that all prototypes are used about equally, by the iterations of Sinkhorn and Knopp.
 *
 * From exp(scores/epsilon), alternately every prototype's column and then every row is divided by its sum.
 *
 * @param scores float32 `[n, numPrototypes]`: how near each row is to each prototype; or `[n, length, numPrototypes]`, balanced over the n rows of each position on
 * its own, so that no prototype can stand for a position
 * @param options see {@link SinkhornOptions}
 * @returns float32 like `scores`, the codes: each row sums to 1; with many iterations each prototype gets the same mass from all rows
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks or shapes that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an epsilon or a number of
 * iterations out of range
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", eq. 4 and 5, https://arxiv.org/abs/2006.09882
 * @see Darcet et al.: "Cluster and Predict Latent Patches for Improved Masked Image Modeling", https://arxiv.org/abs/2502.08769, for the balance of each position
 * @see Cuturi: "Sinkhorn Distances: Lightspeed Computation of Optimal Transport", https://arxiv.org/abs/1306.0895
 * @remarks Has no gradient and records nothing on a gradient tape. Computed with logarithms, so that no epsilon overflows, where the authors' exponentials
 * do below about 0.01. Their divisions by the number of rows and of prototypes cancel and are left out.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { sinkhorn } from '@selfsup/losses';
 * // both rows are nearest to prototype 0, but prototype 1 needs one of them
 * sinkhorn(tf.tensor2d([[0.9, 0.1], [0.8, 0.6]]), { iterations: 10 }).print();
 * ```
 */
export function sinkhorn(scores: tf.Tensor2D, options?: SinkhornOptions): tf.Tensor2D;
export function sinkhorn(scores: tf.Tensor3D, options?: SinkhornOptions): tf.Tensor3D;
export function sinkhorn(scores: tf.Tensor, options: SinkhornOptions = {}): tf.Tensor {
  const { epsilon = 0.05, iterations = 3, queue, counted } = options;
  if (scores.rank === 3) checkPositions(scores, options);
  else checkEmbeddings('sinkhorn', [['scores', scores]]);
  if (!(epsilon > 0 && epsilon < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `sinkhorn: \`epsilon\` must be a finite number > 0, got ${epsilon}`);
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new SelfsupError('SELFSUP_OPTION', `sinkhorn: \`iterations\` must be an integer >= 1, got ${iterations}`);
  const [n, numPrototypes] = [scores.shape[0], scores.shape.at(-1)!];
  if (queue) {
    checkEmbeddings('sinkhorn', [['queue', queue]]);
    if (queue.shape[1] !== numPrototypes)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `sinkhorn: \`queue\` must have shape [queueSize, ${numPrototypes}], got [${queue.shape.join(', ')}]`,
      );
  }
  if (counted) checkPerRow('sinkhorn', { name: 'counted', tensor: counted, rows: n, dtype: 'float32' });
  const balance = (): tf.Tensor => {
    let log = tf.div<tf.Tensor>(queue ? tf.concat<tf.Tensor>([scores, queue], 0) : scores, epsilon); // [rows, …, numPrototypes]
    const without = counted && tf.mul(tf.sub(queue ? tf.concat([counted, tf.ones([queue.shape[0]])], 0) : counted, 1), 1e9);
    const hidden = without && tf.reshape(without, [-1, 1]); // [rows, 1]: 0, or what no exponential survives
    for (let i = 0; i < iterations; i++) {
      log = tf.sub(log, tf.logSumExp(hidden ? tf.add(log, hidden) : log, 0, true)); // prototypes
      log = tf.sub(log, tf.logSumExp(log, -1, true)); // rows
    }
    return tf.exp(queue ? tf.slice(log, [0, 0], [n, numPrototypes]) : log); // like the scores
  };
  // inside a custom gradient nothing is taped
  const untaped = tf.customGrad(() => ({ value: balance(), gradFunc: () => tf.zerosLike(scores) }));
  return untaped(scores);
}

/** Throws unless scores of each position fit. */
function checkPositions(scores: tf.Tensor, { queue, counted }: SinkhornOptions): void {
  if (scores.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `sinkhorn: \`scores\` must have shape [n >= 1, length >= 1, numPrototypes >= 1], got [${scores.shape.join(', ')}]`,
    );
  if (scores.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `sinkhorn: \`scores\` must be float32, got ${scores.dtype}`);
  for (const [name, given] of Object.entries({ queue, counted }))
    if (given)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `sinkhorn: \`${name}\` must be left out with scores of positions, [n, length, numPrototypes]`,
      );
}

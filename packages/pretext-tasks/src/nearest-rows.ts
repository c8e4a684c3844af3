import * as tf from '@tensorflow/tfjs-core';

/** Distances that are held at a time. */
const BLOCK_VALUES = 2 ** 22;

/**
 * For each row the nearest of some others, in squared distance, of equals the first. Internal; carries no gradient.
 *
 * @param rows float32 `[n, dim]`
 * @param codes float32 `[count, dim]`
 * @returns int32 `[n]`, numbers of codes
 */
export function nearestRows(rows: tf.Tensor2D, codes: tf.Tensor2D): tf.Tensor1D {
  const [count, dim] = codes.shape;
  return tf.tidy(() => {
    const half = tf.div(tf.sum(tf.square(codes), 1), 2); // [count]
    const block = Math.max(1, Math.floor(BLOCK_VALUES / count));
    const starts = Array.from({ length: Math.ceil(rows.shape[0] / block) }, (_, i) => i * block);
    const nearest = starts.map((start) =>
      tf.tidy(() => {
        const some = tf.slice(rows, [start, 0], [Math.min(block, rows.shape[0] - start), dim]);
        return tf.argMin<tf.Tensor1D>(tf.sub(half, tf.matMul(some, codes, false, true)), 1); // |x − c|² without what is the same for all
      }),
    );
    return tf.cast(nearest.length === 1 ? nearest[0]! : tf.concat1d(nearest), 'int32');
  });
}

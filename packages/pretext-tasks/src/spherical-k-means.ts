import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/core';

/**
 * Clusters of unit rows by their direction. Internal.
 *
 * @param rows float32 `[n, dim]` of unit length
 * @param options how many clusters, at most n, and how often rows are assigned and centers moved
 * @returns unit centers `[clusters, dim]`; they start from rows at equal distances, so that every rank finds the same ones. A center that no row is nearest to stays
 */
export function sphericalKMeans(rows: tf.Tensor2D, { clusters, iterations }: { clusters: number; iterations: number }): tf.Tensor2D {
  return tf.tidy(() => {
    const chosen = Array.from({ length: clusters }, (_, i) => Math.floor((i * rows.shape[0]) / clusters));
    let centers = tf.gather(rows, tf.tensor1d(chosen, 'int32')); // [clusters, dim]
    for (let i = 0; i < iterations; i++)
      centers = tf.tidy(() => {
        const nearest = tf.argMax<tf.Tensor1D>(tf.matMul(rows, centers, false, true), 1); // [n]
        const members = tf.cast(tf.oneHot(nearest, clusters), 'float32') as tf.Tensor2D; // [n, clusters]
        const isUsed = tf.greater(tf.sum(members, 0), 0);
        const moved = l2Normalize<tf.Tensor2D>(tf.matMul(members, rows, true));
        return tf.where(tf.tile(tf.expandDims(isUsed, 1), [1, rows.shape[1]]), moved, centers); // [clusters, dim]
      });
    return centers;
  });
}

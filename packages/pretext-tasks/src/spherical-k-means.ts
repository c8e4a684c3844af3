import { drawUniform, l2Normalize, oneHot, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** How many rows are compared with the centroids at a time. */
const CHUNK = 4096;

/** What {@link sphericalKMeans} finds. Internal. */
export interface SphericalClusters {
  /** Unit rows `[numClusters, dim]`. */
  readonly centroids: tf.Tensor2D;
  /** float32 `[n]`: the number of each row's cluster, -1 for a row of zeros. */
  readonly assignments: tf.Tensor1D;
}

/** Calls `f` with some rows after the others. */
function inChunks<T>(rows: tf.Tensor2D, f: (chunk: tf.Tensor2D) => T): T[] {
  const [n, dim] = rows.shape;
  return Array.from({ length: Math.ceil(n / CHUNK) }, (_, i) => f(tf.slice(rows, [i * CHUNK, 0], [Math.min(CHUNK, n - i * CHUNK), dim])));
}

/** float32 `[n]`: the cluster of the greatest cosine. */
const nearest = (rows: tf.Tensor2D, centroids: tf.Tensor2D): tf.Tensor1D =>
  tf.argMax<tf.Tensor1D>(tf.matMul(rows, centroids, false, true), 1);

/**
 * Spherical k-means: unit rows belong to the centroid of the greatest cosine, which is the direction of their mean. Internal.
 *
 * @param rows float32 `[n, dim]`, of zeros where they belong to no cluster
 * @param options number of clusters, at most n; iterations; and the stream that draws which rows the centroids start from, without which they are
 * rows at equal distances
 * @returns see {@link SphericalClusters}, made in the caller's scope; a cluster that loses all rows keeps its centroid
 */
export function sphericalKMeans(
  rows: tf.Tensor2D,
  options: { readonly numClusters: number; readonly iterations: number; readonly rng?: Rng },
): SphericalClusters {
  const { numClusters, iterations, rng } = options;
  const [n] = rows.shape;
  return tf.tidy(() => {
    const filled = tf.cast<tf.Tensor1D>(tf.greater(tf.sum(tf.square(rows), 1), 0), 'float32'); // [n]
    const drawn = (stream: Rng) => tf.topk(tf.add(tf.tensor1d(drawUniform(stream, n)), tf.mul(filled, 2)), numClusters).indices; // rows of zeros come last
    const spaced = () =>
      tf.tensor1d(
        Array.from({ length: numClusters }, (_, i) => Math.floor((i * n) / numClusters)),
        'int32',
      );
    let centroids = tf.gather<tf.Tensor2D>(rows, rng ? drawn(rng) : spaced());
    for (let i = 0; i < iterations; i++) {
      const old = centroids;
      centroids = tf.tidy(() => {
        const sums = inChunks(rows, (chunk) => {
          const chosen = oneHot(nearest(chunk, old), numClusters);
          return tf.matMul<tf.Tensor2D>(chosen, chunk, true); // [numClusters, dim]
        });
        const sum = tf.addN(sums);
        const lengths = tf.sqrt(tf.sum(tf.square(sum), 1, true)); // [numClusters, 1]
        return tf.where(tf.greater(lengths, 1e-6), l2Normalize(sum), old);
      });
    }
    const found = tf.cast<tf.Tensor1D>(
      tf.concat(
        inChunks(rows, (chunk) => nearest(chunk, centroids)),
        0,
      ),
      'float32',
    );
    return { centroids, assignments: tf.sub<tf.Tensor1D>(tf.mul(tf.add(found, 1), filled), 1) };
  });
}

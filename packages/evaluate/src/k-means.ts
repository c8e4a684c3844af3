import { createRng, drawUniform, nextTurn, SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';

/** Options of {@link kMeans}. */
export interface KMeansOptions {
  /** How many clusters; an integer from 1 to the number of rows. */
  count: number;
  /** Decides where the centers start. */
  seed: number;
  /** Where the centers start instead: float32 `[count, dim]`; default by k-means++. */
  centers?: FeatureMatrix;
  /** At most so many rounds; an integer ≥ 1, default 100. It ends when no row changes its cluster. */
  maxIterations?: number;
  /** Called after each round. */
  onProgress?: (round: number) => void;
}

/** What {@link kMeans} finds. */
export interface KMeansResult {
  /** `[rows]`: the cluster of each. */
  readonly clusters: Int32Array;
  /** Float32 `[count, dim]`: the means of the clusters. */
  readonly centers: FeatureMatrix;
  /** The sum of the squared distances of the rows to the centers of their clusters. */
  readonly inertia: number;
  /** Rounds that were made. */
  readonly iterations: number;
}

/** The most distances held at a time: 16 MiB of float32. */
const BLOCK_VALUES = 2 ** 22;

/** The square of the distance of a row to a center. */
function squared(data: Float32Array, row: number, center: { data: ArrayLike<number>; at: number; dim: number }): number {
  const { at, dim } = center;
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += (data[row * dim + d]! - center.data[at * dim + d]!) ** 2;
  return sum;
}

/** Rows to start from: each drawn in proportion to its squared distance to those before. */
async function plusPlus({ data, shape: [rows, dim] }: FeatureMatrix, count: number, seed: number): Promise<Float32Array> {
  const draws = drawUniform(createRng(seed).fold('k-means'), count);
  const centers = new Float32Array(count * dim);
  const nearest = new Float64Array(rows).fill(Infinity);
  let row = Math.min(rows - 1, Math.floor(draws[0]! * rows));
  for (let n = 0; n < count; n++) {
    if (n % 16 === 0) await nextTurn();
    if (n > 0) {
      const total = nearest.reduce((sum, value) => sum + value, 0);
      let left = draws[n]! * total;
      row = 0;
      while (row < rows - 1 && (left -= nearest[row]!) >= 0) row++;
    }
    centers.set(data.subarray(row * dim, (row + 1) * dim), n * dim);
    for (let i = 0; i < rows; i++) {
      const distance = squared(data, i, { data: centers, at: n, dim });
      if (distance < nearest[i]!) nearest[i] = distance;
    }
  }
  return centers;
}

/** The nearest center of each row, the lower one among equals; says whether any changed. */
async function assign(rows: tf.Tensor2D, centers: Float32Array, clusters: Int32Array): Promise<boolean> {
  const [numRows, dim] = rows.shape;
  const count = centers.length / dim;
  const block = Math.max(1, Math.floor(BLOCK_VALUES / count));
  const [to, lengths] = tf.tidy(() => {
    const matrix = tf.tensor2d(centers, [count, dim]);
    return [matrix, tf.sum(tf.square(matrix), 1)] as const; // [count, dim], [count]
  });
  let changed = false;
  try {
    for (let start = 0; start < numRows; start += block) {
      await nextTurn();
      const size = Math.min(block, numRows - start);
      // |x − c|² without |x|², which is the same for all centers
      const nearest = tf.tidy(() =>
        tf.argMin(tf.sub(lengths, tf.mul(2, tf.matMul(tf.slice(rows, [start, 0], [size, dim]), to, false, true))), 1),
      ); // [size]
      const values = await nearest.data().finally(() => {
        nearest.dispose();
      });
      for (let i = 0; i < size; i++) {
        if (clusters[start + i] !== values[i]) changed = true;
        clusters[start + i] = values[i]!;
      }
    }
  } finally {
    tf.dispose([to, lengths]);
  }
  return changed;
}

/** The means of the clusters in float64; one without rows gets the row that is farthest from its center. */
function means({ data, shape: [rows, dim] }: FeatureMatrix, clusters: Int32Array, before: Float32Array): Float32Array {
  const count = before.length / dim;
  const sums = new Float64Array(count * dim);
  const sizes = new Int32Array(count);
  for (let row = 0; row < rows; row++) {
    const cluster = clusters[row]!;
    sizes[cluster]!++;
    for (let d = 0; d < dim; d++) sums[cluster * dim + d]! += data[row * dim + d]!;
  }
  const centers = Float32Array.from(sums, (sum, i) => sum / (sizes[Math.floor(i / dim)]! || 1));
  const used = new Set<number>();
  for (let cluster = 0; cluster < count; cluster++) {
    if (sizes[cluster]! > 0) continue;
    let [far, most] = [0, -1];
    for (let row = 0; row < rows; row++) {
      const distance = used.has(row) ? -1 : squared(data, row, { data: before, at: clusters[row]!, dim });
      if (distance > most) [far, most] = [row, distance];
    }
    used.add(far);
    centers.set(data.subarray(far * dim, (far + 1) * dim), cluster * dim);
  }
  return centers;
}

/**
 * Divides rows into clusters around their means.
 *
 * @param features `[rows, dim]`; make the rows as long as they should count, such as unit rows
 * @param options see {@link KMeansOptions}
 * @returns see {@link KMeansResult}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, `SELFSUP_SHAPE` when `centers` do not fit, `SELFSUP_NON_FINITE` naming the row that is not
 * finite
 * @see Arthur, Vassilvitskii: "k-means++: the advantages of careful seeding", https://dl.acm.org/doi/10.5555/1283383.1283494
 * @remarks Lloyd's algorithm; deterministic for a seed. Distances are float32 products on the backend, means are summed in float64.
 */
export async function kMeans(features: FeatureMatrix, options: KMeansOptions): Promise<KMeansResult> {
  const { count, seed, maxIterations = 100, onProgress } = options;
  checkFeatures('kMeans: `features`', features);
  const [rows, dim] = features.shape;
  if (!Number.isSafeInteger(count) || count < 1 || count > rows)
    throw new SelfsupError('SELFSUP_OPTION', `kMeans: \`count\` must be an integer from 1 to ${rows}, the number of rows, got ${count}`);
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 1)
    throw new SelfsupError('SELFSUP_OPTION', `kMeans: \`maxIterations\` must be an integer >= 1, got ${maxIterations}`);
  if (options.centers && (options.centers.shape[0] !== count || options.centers.shape[1] !== dim))
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `kMeans: \`centers\` must have shape [${count}, ${dim}], got [${options.centers.shape.join(', ')}]`,
    );
  let centers = options.centers ? Float32Array.from(options.centers.data) : await plusPlus(features, count, seed);
  const clusters = new Int32Array(rows).fill(-1);
  const x = tf.tensor2d(features.data, [rows, dim]);
  let iterations = 0;
  try {
    while (iterations < maxIterations && (await assign(x, centers, clusters))) {
      centers = means(features, clusters, centers);
      onProgress?.(++iterations);
    }
  } finally {
    x.dispose();
  }
  let inertia = 0;
  for (let row = 0; row < rows; row++) inertia += squared(features.data, row, { data: centers, at: clusters[row]!, dim });
  return { clusters, centers: { data: centers, shape: [count, dim] }, inertia, iterations };
}

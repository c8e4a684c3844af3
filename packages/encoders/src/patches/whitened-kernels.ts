import { nextTurn, SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { invertPositive } from './invert-positive.ts';

/** Options of {@link whitenedKernels}. */
export interface WhitenedKernelsOptions {
  /** Columns of the patches. */
  dim: number;
  /** Rows that the centers start from, one for each kernel. */
  initial: ArrayLike<number>;
  /** Rounds of k-means. */
  numRounds: number;
  /** Part of the mean eigenvalue of the covariance that is added to each. */
  damping: number;
  /** Number that is added to each eigenvalue. */
  floor: number;
  /** Stops before the next round. */
  signal?: AbortSignal | undefined;
  /** Called after each round with how many are done. */
  onRound?: ((done: number) => void) | undefined;
}

/** What {@link whitenedKernels} finds. */
export interface WhitenedKernels {
  /** `[dim, kernels]`. */
  readonly kernels: Float32Array;
  /** `[dim]`: the mean patch. */
  readonly mean: Float64Array;
}

/** Subtracts the mean row in place and gives it. */
function center(rows: Float32Array, dim: number): Float64Array {
  const mean = new Float64Array(dim);
  const count = rows.length / dim;
  for (let i = 0, row = 0; row < count; row++) for (let j = 0; j < dim; j++, i++) mean[j]! += rows[i]!;
  for (let j = 0; j < dim; j++) mean[j]! /= count;
  for (let i = 0, row = 0; row < count; row++) for (let j = 0; j < dim; j++, i++) rows[i]! -= mean[j]!;
  return mean;
}

/** Each column divided by its length in the metric of the inverse: `[dim, k]` sums m to C⁻¹m/√(mᵀC⁻¹m), and the lengths `[k]`. */
function kernelsOf(inverse: tf.Tensor2D, sums: tf.Tensor2D): [kernels: tf.Tensor2D, lengths: tf.Tensor1D] {
  return tf.tidy(() => {
    const solved = tf.matMul(inverse, sums); // [dim, k]
    const lengths = tf.sqrt(tf.relu(tf.sum<tf.Tensor1D>(tf.mul(sums, solved), 0))); // [k]
    return [tf.div<tf.Tensor2D>(solved, tf.maximum(lengths, 1e-12)), lengths];
  });
}

/** The sum of the patches of each center, weighted by their scores: `[dim, k]`, summed in float64. */
function weightedSums(
  patches: Float32Array,
  dim: number,
  found: { best: ArrayLike<number>; score: ArrayLike<number>; k: number },
): Float32Array {
  const { best, score, k } = found;
  const sums = new Float64Array(k * dim);
  for (let row = 0, i = 0; row < best.length; row++) {
    const weight = score[row]!;
    const to = best[row]! * dim;
    for (let j = 0; j < dim; j++, i++) sums[to + j]! += weight * patches[i]!;
  }
  const columns = new Float32Array(dim * k);
  for (let c = 0; c < k; c++) for (let j = 0; j < dim; j++) columns[j * k + c] = sums[c * dim + j]!;
  return columns;
}

/**
 * Kernels from patches: the centers D of spherical k-means among whitened patches z = P(x − mean), P = (C + (damping · mean eigenvalue + floor) I)^(−½), and
 * the kernels PD, so that a kernel's answer to a patch is the score of its center.
 *
 * Only P² is needed, the inverse of the damped covariance C': the score of center N/‖N‖, N = Σ vᵢzᵢ = Pm with m = Σ vᵢ(xᵢ − mean), is (x − mean)ᵀ C'⁻¹m / √(mᵀC'⁻¹m).
 * So neither eigenvectors nor whitened patches are computed.
 *
 * @param patches `[count, dim]`; centered in place
 * @param options see {@link WhitenedKernelsOptions}
 * @see Coates, Ng: "Learning feature representations with k-means", https://doi.org/10.1007/978-3-642-35289-8_30
 */
export async function whitenedKernels(patches: Float32Array, options: WhitenedKernelsOptions): Promise<WhitenedKernels> {
  const { dim, initial, numRounds, damping, floor, signal, onRound } = options;
  const count = patches.length / dim;
  const k = initial.length;
  const mean = center(patches, dim);
  const rows = tf.tensor2d(patches, [count, dim]);
  const kept: tf.Tensor[] = [rows];
  try {
    // in units of the mean eigenvalue, so that the inverse is one of numbers about 1
    let variance = 0;
    for (const value of patches) variance += value * value;
    variance /= count * dim;
    if (!(variance > 0))
      throw new SelfsupError(
        'SELFSUP_DATA',
        'startFromPatches: the images must show more than one color, got patches that are all alike; give other images, or start from random weights',
      );
    const scale = variance * (1 + damping) + floor;
    const covariance = tf.tidy(() => {
      const plain = tf.div(tf.matMul(rows, rows, true, false), count * scale);
      return tf.add<tf.Tensor2D>(plain, tf.mul(tf.eye(dim), (damping * variance + floor) / scale));
    });
    kept.push(covariance);
    await nextTurn();
    const inverted = await invertPositive('startFromPatches', covariance);
    kept.push(inverted);
    const inverse = tf.div<tf.Tensor2D>(inverted, scale);
    kept.push(inverse);
    let kernels = tf.tidy(() => {
      const chosen = tf.gather(rows, tf.tensor1d(Int32Array.from(initial), 'int32'));
      return kernelsOf(inverse, tf.transpose(chosen))[0];
    });
    for (let round = 0; round < numRounds; round++) {
      kept.push(kernels);
      await nextTurn();
      signal?.throwIfAborted();
      const [best, score] = tf.tidy((): [best: tf.Tensor, score: tf.Tensor] => {
        const scores = tf.matMul(rows, kernels); // [count, k]
        return [tf.argMax(scores, 1), tf.max(scores, 1)];
      });
      kept.push(best, score);
      const sums = weightedSums(patches, dim, { best: await best.data(), score: await score.data(), k });
      const next = tf.tidy(() => {
        const [moved, length] = kernelsOf(inverse, tf.tensor2d(sums, [dim, k]));
        const alive = tf.cast(tf.greater(length, 1e-6), 'float32'); // [k]: a center without patches stays
        return tf.add<tf.Tensor2D>(tf.mul(moved, alive), tf.mul(kernels, tf.sub(1, alive)));
      });
      tf.dispose([best, score, kernels]);
      kept.splice(kept.length - 3, 3);
      kernels = next;
      onRound?.(round + 1);
    }
    kept.push(kernels);
    return { kernels: Float32Array.from(await kernels.data<'float32'>()), mean };
  } finally {
    tf.dispose(kept);
  }
}

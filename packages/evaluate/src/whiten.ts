import { createRng, drawNormal, nextTurn, SelfsupError, semidefiniteEigen } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { rowSpan } from './probe/row-span.ts';
import { columnStatistics, standardize } from './standardize.ts';

/** Options of {@link whiten}. */
export interface WhitenOptions {
  /** How many principal directions are kept, ≥ 1; default 256. At most as many as the bank has. */
  numComponents?: number;
  /** Each direction is divided by its variance to this power, in [0, 0.5]; default 0.25. 0.5 makes all variances 1. */
  power?: number;
}

/** What {@link whiten} gives. */
export interface WhitenedFeatures {
  /** Float32 `[rows, components]`. */
  readonly bank: FeatureMatrix;
  /** Float32 `[queries, components]`. */
  readonly queries: FeatureMatrix;
}

/** Directions beyond those that are kept, for the accuracy of the last ones; and how often the bank is applied. */
const MORE = 64;
const ROUNDS = 3;

/** An orthonormal basis of the span of the columns of `[rows, columns]`; the caller owns it. */
async function basisOf(columns: tf.Tensor2D): Promise<tf.Tensor2D> {
  const turned: tf.Tensor2D = tf.transpose(columns);
  try {
    const { coordinates, lift } = await rowSpan(turned);
    const rank = coordinates.shape[1];
    coordinates.dispose();
    const identity = new Float64Array(rank * rank);
    for (let i = 0; i < rank; i++) identity[i * rank + i] = 1;
    return tf.tensor2d(Float32Array.from(await lift(identity, rank)), [columns.shape[0], rank]);
  } finally {
    turned.dispose();
  }
}

/** An orthonormal basis of about the first `count` principal directions of the rows of x, `[dim, ≤ count]`: subspace iteration from random directions. */
async function principalSpace(x: tf.Tensor2D, count: number): Promise<tf.Tensor2D> {
  const dim = x.shape[1];
  let space = tf.tensor2d(drawNormal(createRng(0).fold('whiten'), dim * count), [dim, count]);
  for (let half = 0; half < 2 * ROUNDS; half++) {
    await nextTurn();
    const images: tf.Tensor2D = tf.matMul(x, space, half % 2 === 1); // [rows, count], then [dim, count]
    space.dispose();
    space = await basisOf(images).finally(() => {
      images.dispose();
    });
  }
  return space;
}

/**
 * Brings features to their principal directions and makes strong directions weaker: similarity in few strong directions no longer drowns that in all others.
 * For nearest neighbors by cosine.
 *
 * @param bank float32 `[rows, dim]`; columns are standardized by its statistics first
 * @param queries float32 `[queries, dim]`
 * @param options see {@link WhitenOptions}
 * @returns see {@link WhitenedFeatures}
 * @throws SelfsupError `SELFSUP_SHAPE` when shapes do not fit, `SELFSUP_OPTION` on an option out of range, `SELFSUP_NON_FINITE` naming the row that is not
 * finite
 * @see Halko et al.: "Finding structure with randomness", algorithm 4.4, https://arxiv.org/abs/0909.4061
 * @remarks Deterministic. Directions are found by subspace iteration on the backend: those with a variance near that of the last one kept are a mixture.
 * @example
 * ```ts
 * import { extractFeatures, knnAccuracy, whiten } from '@selfsup/evaluate';
 * const [bank, queries] = [await extractFeatures(backbone, trainBatches), await extractFeatures(backbone, testBatches)];
 * const whitened = await whiten(bank, queries);
 * const share = await knnAccuracy({ features: whitened.bank, labels, queries: whitened.queries, queryLabels, k: 20 });
 * ```
 */
export async function whiten(bank: FeatureMatrix, queries: FeatureMatrix, options: WhitenOptions = {}): Promise<WhitenedFeatures> {
  const { numComponents = 256, power = 0.25 } = options;
  checkFeatures('whiten: `bank`', bank);
  checkFeatures('whiten: `queries`', queries);
  if (queries.shape[1] !== bank.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `whiten: \`queries\` must have dim ${bank.shape[1]} like \`bank\`, got shape [${queries.shape.join(', ')}]`,
    );
  if (!Number.isSafeInteger(numComponents) || numComponents < 1)
    throw new SelfsupError('SELFSUP_OPTION', `whiten: \`numComponents\` must be an integer >= 1, got ${numComponents}`);
  if (!(power >= 0 && power <= 0.5)) throw new SelfsupError('SELFSUP_OPTION', `whiten: \`power\` must be in [0, 0.5], got ${power}`);
  const [rows, dim] = bank.shape;
  const statistics = columnStatistics(bank);
  const matrix = (of: FeatureMatrix) => tf.tensor2d(standardize(of, statistics).data, [...of.shape]);
  const kept: tf.Tensor[] = [];
  try {
    const x = matrix(bank);
    kept.push(x);
    const space = await principalSpace(x, Math.min(numComponents + MORE, rows, dim));
    kept.push(space);
    const rank = space.shape[1];
    const covariance = tf.tidy(() => {
      const inside = tf.matMul(x, space); // [rows, rank]
      return tf.div(tf.matMul(inside, inside, true), rows);
    });
    kept.push(covariance);
    const { values, vectors } = semidefiniteEigen(Float64Array.from(await covariance.data()), rank);
    const components = Math.min(numComponents, values.filter((value) => value > 1e-6 * values[0]!).length) || 1;
    const scaled = new Float32Array(rank * components);
    for (let i = 0; i < scaled.length; i++) {
      const [row, column] = [Math.floor(i / components), i % components];
      scaled[i] = vectors[column * rank + row]! * Math.max(values[column]!, 1e-12) ** -power;
    }
    const directions = tf.tidy(() => tf.matMul(space, tf.tensor2d(scaled, [rank, components]))); // [dim, components]
    kept.push(directions);
    const project = async (input: tf.Tensor2D): Promise<FeatureMatrix> => {
      const projected = tf.matMul(input, directions);
      const data = await projected.data<'float32'>().finally(() => {
        projected.dispose();
      });
      return { data: Float32Array.from(data), shape: [input.shape[0], components] };
    };
    const whitenedBank = await project(x);
    const asked = matrix(queries);
    kept.push(asked);
    return { bank: whitenedBank, queries: await project(asked) };
  } finally {
    tf.dispose(kept);
  }
}

import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, nextTurn, SelfsupError } from '@selfsup/core';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { createNearestRows } from './nearest-rows.ts';

/** Options of {@link weightedKnn}. */
export interface WeightedKnnOptions {
  /** The bank: float32 `[rows, dim]`, backbone features of labeled images. */
  features: FeatureMatrix;
  /** One class per row of the bank, 0 … numClasses − 1. */
  labels: ArrayLike<number>;
  /** What to classify: float32 `[queries, dim]`. */
  queries: FeatureMatrix;
  /** How many classes there are; default one more than the largest label. */
  numClasses?: number;
  /** How many neighbors vote; an integer ≥ 1, default 200. A bank with fewer rows votes as a whole. */
  k?: number;
  /** > 0, default 0.1: a neighbor of cosine similarity s votes with weight exp(s/temperature). */
  temperature?: number;
  /** The most similarities held at a time, in values of 4 bytes; an integer ≥ 1, default 4,194,304 (16 MiB). Does not change the result. */
  maxBlockValues?: number;
}

const matrix = ({ data, shape }: FeatureMatrix) => tf.tensor2d(data, [...shape]);
const positive = (name: string, value: number) => {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new SelfsupError('SELFSUP_OPTION', `weightedKnn: \`${name}\` must be an integer >= 1, got ${value}`);
};

function checkOptions({ features, queries, temperature }: { features: FeatureMatrix; queries: FeatureMatrix; temperature: number }): void {
  checkFeatures('weightedKnn: `features`', features);
  checkFeatures('weightedKnn: `queries`', queries);
  if (features.shape[1] !== queries.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `weightedKnn: \`queries\` must have dim ${features.shape[1]} like \`features\`, got shape [${queries.shape.join(', ')}]`,
    );
  if (!(temperature > 0)) throw new SelfsupError('SELFSUP_OPTION', `weightedKnn: \`temperature\` must be > 0, got ${temperature}`);
}

/** The class with the greatest sum of weights; the lower one among equals. */
function vote(
  neighbors: Int32Array,
  similarities: Float32Array,
  { labels, numClasses, temperature }: { labels: ArrayLike<number>; numClasses: number; temperature: number },
): number {
  const votes = new Float64Array(numClasses);
  const nearest = similarities[neighbors[0]!]!; // subtracted, so that the exponential cannot overflow
  for (const row of neighbors) votes[labels[row]!]! += Math.exp((similarities[row]! - nearest) / temperature);
  let best = 0;
  for (let label = 1; label < numClasses; label++) if (votes[label]! > votes[best]!) best = label;
  return best;
}

/**
 * Classifies by weighted k-nearest neighbors: the k rows of greatest cosine similarity vote with exp(similarity/temperature).
 *
 * @param options see {@link WeightedKnnOptions}; rows need not be normalized
 * @returns the predicted class of each query, `[queries]`
 * @throws SelfsupError `SELFSUP_SHAPE` when shapes or the number of labels do not fit, `SELFSUP_OPTION` on an option or a label out of its range,
 * `SELFSUP_NON_FINITE` naming the row that is not finite
 * @see Wu et al.: "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", section 3.4, https://arxiv.org/abs/1805.01978
 * @remarks Deterministic: among equally similar rows the lower index comes first, among equal votes the lower class. Similarities are float32 products on
 * the backend, a block of queries at a time; votes are summed in float64. A row of zeros has similarity 0 to everything.
 * @example
 * ```ts
 * import { weightedKnn } from '@selfsup/evaluate';
 * const bank = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] } as const;
 * const predictions = await weightedKnn({ features: bank, labels: [0, 1], queries: bank, k: 1 });
 * console.log(predictions); // Int32Array [0, 1]
 * ```
 */
export async function weightedKnn(options: WeightedKnnOptions): Promise<Int32Array> {
  const { features, labels, queries, k = 200, temperature = 0.1, maxBlockValues = 2 ** 22 } = options;
  const { numClasses = Math.floor(Array.from(labels).reduce((largest, label) => Math.max(largest, label), 0)) + 1 } = options;
  checkOptions({ features, queries, temperature });
  positive('k', k);
  positive('maxBlockValues', maxBlockValues);
  const [rows] = features.shape;
  checkLabels('weightedKnn: `labels`', labels, { rows, numClasses });
  const [numQueries, dim] = queries.shape;
  const blockRows = Math.max(1, Math.floor(maxBlockValues / rows));
  const nearest = createNearestRows(Math.min(k, rows));
  const predictions = new Int32Array(numQueries);
  const bank = tf.tidy(() => l2Normalize(matrix(features))); // [rows, dim]
  try {
    for (let start = 0; start < numQueries; start += blockRows) {
      await nextTurn();
      const count = Math.min(blockRows, numQueries - start);
      const block = tf.tidy(() => {
        const data = queries.data.subarray(start * dim, (start + count) * dim);
        return tf.matMul(l2Normalize(matrix({ data, shape: [count, dim] })), bank, false, true); // [count, rows]
      });
      const similarities = await block.data<'float32'>().finally(() => {
        block.dispose();
      });
      for (let i = 0; i < count; i++) {
        const row = similarities.subarray(i * rows, (i + 1) * rows);
        predictions[start + i] = vote(nearest.select(row), row, { labels, numClasses, temperature });
      }
    }
  } finally {
    bank.dispose();
  }
  return predictions;
}

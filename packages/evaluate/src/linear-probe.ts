import { SelfsupError } from '@selfsup/core';
import { accuracy } from './accuracy.ts';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import {
  checkFit,
  fitLinearClassifier,
  linearLogits,
  type FitLinearClassifierOptions,
  type LinearClassifier,
} from './linear-classifier.ts';
import { largestOfRows } from './probe/logistic-problem.ts';

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions extends FitLinearClassifierOptions {
  /** Float32 `[queries, dim]`: features of the examples to classify. */
  queries: FeatureMatrix;
  /** The true class of each query. */
  queryLabels: ArrayLike<number>;
}

/** What {@link linearProbe} gives. */
export interface LinearProbeResult {
  /** The share of queries that are classified rightly, in [0, 1]. */
  readonly accuracy: number;
  /** The same of the rows that it learned from. */
  readonly trainAccuracy: number;
  /** `[queries]`: the predicted classes. */
  readonly predictions: Int32Array;
  /** Float32 `[queries, numClasses]`: the logits of the queries. */
  readonly logits: FeatureMatrix;
  /** What was fitted, for `linearLogits`. */
  readonly classifier: LinearClassifier;
  /** The weight of the penalty, as given or chosen. */
  readonly l2: number;
  /** What was minimized, at the end: the mean cross entropy in nats and the penalty. */
  readonly loss: number;
  /** Steps of L-BFGS. */
  readonly iterations: number;
  /** Whether the gradient fell below the tolerance. The loss is then next to its minimum, unless that is next to 0: separable classes, and hardly a penalty. */
  readonly converged: boolean;
}

/**
 * Judges frozen features by a linear classifier: multinomial logistic regression, minimized on all rows at once until its gradient is below a tolerance.
 *
 * @param options see {@link LinearProbeOptions}; `extractFeatures` gives the features
 * @returns see {@link LinearProbeResult}
 * @throws SelfsupError `SELFSUP_SHAPE` when shapes or the number of labels do not fit, `SELFSUP_OPTION` on an option or a label out of its range,
 * `SELFSUP_NON_FINITE` naming the row that is not finite
 * @see Alain, Bengio: "Understanding intermediate layers using linear classifier probes", https://arxiv.org/abs/1610.01644
 * @remarks Deterministic, and without a learning rate to search: the problem is convex, L-BFGS starts from zeros. The features stay on the backend, rows · dim
 * values of 4 bytes; products are float32 there, steps float64. Without a penalty (`l2: 0`) separable classes have no optimum; it stops at `maxIterations`.
 * Up to 2,048 rows of more than twice as many columns are brought to a basis of their span, where the solution lies: 600 rows of 10,000 columns take seconds.
 * @example
 * ```ts
 * import { linearProbe } from '@selfsup/evaluate';
 * const features = { data: Float32Array.of(1, 0, 0.8, 0.1, 0, 1, 0.1, 0.7), shape: [4, 2] } as const;
 * const { accuracy } = await linearProbe({ features, labels: [0, 0, 1, 1], queries: features, queryLabels: [0, 0, 1, 1] });
 * console.log(accuracy); // 1
 * ```
 */
export async function linearProbe(options: LinearProbeOptions): Promise<LinearProbeResult> {
  const { features, labels, queries, queryLabels, maxIterations = 300, tolerance = 1e-5 } = options;
  checkFit('linearProbe', { features, l2: options.l2 ?? 1 / features.shape[0], maxIterations, tolerance });
  checkFeatures('linearProbe: `queries`', queries);
  if (features.shape[1] !== queries.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `linearProbe: \`queries\` must have dim ${features.shape[1]} like \`features\`, got shape [${queries.shape.join(', ')}]`,
    );
  const { numClasses = Math.floor(Array.from(labels).reduce((largest, label) => Math.max(largest, label), 0)) + 1 } = options;
  checkLabels('linearProbe: `labels`', labels, { rows: features.shape[0], numClasses });
  // a class that only the queries have cannot be predicted; it counts as wrong
  checkLabels('linearProbe: `queryLabels`', queryLabels, { rows: queries.shape[0], numClasses: options.numClasses ?? 2 ** 31 });
  const { classifier, ...found } = await fitLinearClassifier({ ...options, numClasses });
  const trained = await linearLogits(classifier, features);
  const logits = await linearLogits(classifier, queries);
  const predictions = largestOfRows(logits.data, numClasses);
  return {
    accuracy: accuracy(predictions, queryLabels),
    trainAccuracy: accuracy(largestOfRows(trained.data, numClasses), labels),
    predictions,
    logits,
    classifier,
    ...found,
  };
}

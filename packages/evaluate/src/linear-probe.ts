import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { accuracy } from './accuracy.ts';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { choosePenalty } from './probe/choose-penalty.ts';
import { classify, oneHotRows, solveLogistic, type LogisticProblem } from './probe/logistic-problem.ts';
import { rowSpan, type RowSpan } from './probe/row-span.ts';
import { columnStatistics, standardize } from './standardize.ts';

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions {
  /** Float32 `[rows, dim]`: frozen features of labeled examples. */
  features: FeatureMatrix;
  /** One class per row, 0 … numClasses − 1. */
  labels: ArrayLike<number>;
  /** Float32 `[queries, dim]`: features of the examples to classify. */
  queries: FeatureMatrix;
  /** The true class of each query. */
  queryLabels: ArrayLike<number>;
  /** How many classes there are; default one more than the largest of `labels`. */
  numClasses?: number;
  /**
   * The weight of ½‖kernel‖² beside the mean loss, ≥ 0; default 1/rows, scikit-learn's C = 1. The bias is free. `auto`: of ten weights, 10^−2.5 … 10^−7 times the
   * sum of the columns' variances, the one with the best mean accuracy on five folds of the rows, the strongest among equals; beyond 2,000 rows on the first fold.
   */
  l2?: number | 'auto';
  /** Whether columns are brought to mean 0 and deviation 1 first, by the statistics of `features`; default true. */
  standardize?: boolean;
  /** At most so many steps of L-BFGS, an integer ≥ 1; default 300. */
  maxIterations?: number;
  /** Done when no entry of the gradient, by columns of like curvature whatever `standardize` says, is larger, > 0; default 1e-5. */
  tolerance?: number;
}

/** What {@link linearProbe} gives. */
export interface LinearProbeResult {
  /** The share of queries that are classified rightly, in [0, 1]. */
  readonly accuracy: number;
  /** The same of the rows that it learned from. */
  readonly trainAccuracy: number;
  /** `[queries]`: the predicted classes. */
  readonly predictions: Int32Array;
  /** The weight of the penalty, as given or chosen. */
  readonly l2: number;
  /** What was minimized, at the end: the mean cross entropy in nats and the penalty. */
  readonly loss: number;
  /** Steps of L-BFGS. */
  readonly iterations: number;
  /** Whether the gradient fell below the tolerance. The loss is then next to its minimum, unless that is next to 0: separable classes, and hardly a penalty. */
  readonly converged: boolean;
}

/** So many rows at most are brought to a basis of their span where that is less than half of their columns. */
const MOST_SPANNED = 2048;

function checkOptions(options: Required<Pick<LinearProbeOptions, 'features' | 'queries' | 'maxIterations' | 'tolerance' | 'l2'>>): void {
  const { features, queries, maxIterations, tolerance, l2 } = options;
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_OPTION', `linearProbe: ${what}`);
  };
  checkFeatures('linearProbe: `features`', features);
  checkFeatures('linearProbe: `queries`', queries);
  if (features.shape[1] !== queries.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `linearProbe: \`queries\` must have dim ${features.shape[1]} like \`features\`, got shape [${queries.shape.join(', ')}]`,
    );
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 1) fail(`\`maxIterations\` must be an integer >= 1, got ${maxIterations}`);
  if (!(tolerance > 0)) fail(`\`tolerance\` must be > 0, got ${tolerance}`);
  if (l2 !== 'auto' && !(l2 >= 0 && l2 < Infinity)) fail(`\`l2\` must be a number >= 0 or 'auto', got ${l2}`);
}

/** What columns are divided by, for {@link LogisticProblem}. */
async function divisorsOf(x: tf.Tensor2D): Promise<LogisticProblem['divisors']> {
  const [rows, dim] = x.shape;
  const { deviation } = columnStatistics({ data: await x.data<'float32'>(), shape: [rows, dim] });
  return (l2) => deviation.map((value) => Math.sqrt(value ** 2 + l2));
}

/** Of the columns as the classifier gets them. */
function sumOfVariances(
  { data, shape: [rows, dim] }: FeatureMatrix,
  { mean, deviation }: { mean: Float64Array; deviation: Float64Array },
): number {
  let sum = 0;
  for (let row = 0, i = 0; row < rows; row++) for (let j = 0; j < dim; j++, i++) sum += ((data[i]! - mean[j]!) / deviation[j]!) ** 2;
  return Math.max(sum / rows, 1e-12);
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
  const { features, labels, queries, queryLabels, maxIterations = 300, tolerance = 1e-5, standardize: scale = true } = options;
  const { numClasses = Math.floor(Array.from(labels).reduce((largest, label) => Math.max(largest, label), 0)) + 1 } = options;
  const { l2: asked = 1 / features.shape[0] } = options;
  checkOptions({ features, queries, maxIterations, tolerance, l2: asked });
  const [rows, dim] = features.shape;
  checkLabels('linearProbe: `labels`', labels, { rows, numClasses });
  // a class that only the queries have cannot be predicted; it counts as wrong
  checkLabels('linearProbe: `queryLabels`', queryLabels, { rows: queries.shape[0], numClasses: options.numClasses ?? 2 ** 31 });
  const { mean, deviation } = columnStatistics(features);
  const centered = { mean, deviation: scale ? deviation : deviation.map(() => 1) };
  const matrix = (of: FeatureMatrix) => tf.tensor2d(standardize(of, centered).data, [...of.shape]);
  const x = matrix(features);
  const target = oneHotRows(labels, numClasses);
  let span: RowSpan | undefined;
  try {
    if (dim > 2 * rows && rows <= MOST_SPANNED) span = await rowSpan(x);
    const problem = span
      ? { x: span.coordinates, target, divisors: await divisorsOf(span.coordinates) }
      : { x, target, divisors: (weight: number) => deviation.map((value) => (scale ? 1 : Math.sqrt(value ** 2 + weight))) };
    const l2 = asked === 'auto' ? await choosePenalty(problem, labels, sumOfVariances(features, centered)) : asked;
    const { kernel, ...found } = await solveLogistic(problem, { l2, maxIterations, tolerance });
    const model = { kernel: span ? await span.lift(kernel, numClasses) : kernel, bias: found.bias };
    const trained = await classify(x, model);
    const questions = matrix(queries);
    const predictions = await classify(questions, model).finally(() => {
      questions.dispose();
    });
    return {
      accuracy: accuracy(predictions, queryLabels),
      trainAccuracy: accuracy(trained, labels),
      predictions,
      l2,
      loss: found.loss,
      iterations: found.iterations,
      converged: found.converged,
    };
  } finally {
    tf.dispose([x, target, ...(span ? [span.coordinates] : [])]);
  }
}

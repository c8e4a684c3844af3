import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { choosePenalty } from './probe/choose-penalty.ts';
import { foldsOf, MANY_ROWS } from './probe/folds-of.ts';
import { logitsOfRows, oneHotRows, solveLogistic, type LogisticProblem } from './probe/logistic-problem.ts';
import { rowSpan, type RowSpan } from './probe/row-span.ts';
import { columnStatistics, standardize } from './standardize.ts';

/** A linear classifier of features: columns are centered and scaled, then logits = columns · kernel + bias. */
export interface LinearClassifier {
  /** `[dim]`: subtracted from each column. */
  readonly mean: ArrayLike<number>;
  /** `[dim]`, > 0: what each column is divided by. */
  readonly deviation: ArrayLike<number>;
  /** `[dim, numClasses]`, row by row. */
  readonly kernel: ArrayLike<number>;
  /** `[numClasses]`. */
  readonly bias: ArrayLike<number>;
}

/** Options of {@link fitLinearClassifier}. */
export interface FitLinearClassifierOptions {
  /** Float32 `[rows, dim]`: frozen features of labeled examples. */
  features: FeatureMatrix;
  /** One class per row, 0 … numClasses − 1. */
  labels: ArrayLike<number>;
  /** How many classes there are; default one more than the largest of `labels`. */
  numClasses?: number;
  /**
   * The weight of ½‖kernel‖² beside the mean loss, ≥ 0; default 1/rows, scikit-learn's C = 1. The bias is free. `auto`: of ten weights, 10^−2.5 … 10^−7 times the
   * sum of the columns' variances, the one with the best mean accuracy on five folds of the rows, the strongest among equals; beyond 2,000 rows on the first fold.
   */
  l2?: number | 'auto';
  /** Whether columns are brought to mean 0 and deviation 1 first, by the statistics of `features`; otherwise to mean 0 only. Default true. */
  standardize?: boolean;
  /** At most so many steps of L-BFGS, an integer ≥ 1; default 300. */
  maxIterations?: number;
  /** Done when no entry of the gradient, by columns of like curvature whatever `standardize` says, is larger, > 0; default 1e-5. */
  tolerance?: number;
}

/** What {@link fitLinearClassifier} gives. */
export interface FittedLinearClassifier {
  /** For {@link linearLogits}. */
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

/** So many rows at most are brought to a basis of their span where that is less than half of their columns. */
const MOST_SPANNED = 2048;

/** Refuses options out of range, in the name of `who`. Internal. */
export function checkFit(
  who: string,
  { features, l2, maxIterations, tolerance }: Required<Pick<FitLinearClassifierOptions, 'features' | 'l2' | 'maxIterations' | 'tolerance'>>,
): void {
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_OPTION', `${who}: ${what}`);
  };
  checkFeatures(`${who}: \`features\``, features);
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

const matrixOf = ({ data, shape }: FeatureMatrix): tf.Tensor2D => tf.tensor2d(data, [...shape]);

/**
 * Fits a linear classifier to frozen features: multinomial logistic regression, minimized on all rows at once until its gradient is below a tolerance.
 *
 * @param options see {@link FitLinearClassifierOptions}
 * @returns see {@link FittedLinearClassifier}; `linearLogits` applies it
 * @throws SelfsupError `SELFSUP_SHAPE` when shapes or the number of labels do not fit, `SELFSUP_OPTION` on an option or a label out of its range,
 * `SELFSUP_NON_FINITE` naming the row that is not finite
 * @remarks Deterministic; see `linearProbe`, which judges such a classifier, for how it is found.
 * @example
 * ```ts
 * import { fitLinearClassifier, linearLogits } from '@selfsup/evaluate';
 * const features = { data: Float32Array.of(1, 0, 0.8, 0.1, 0, 1, 0.1, 0.7), shape: [4, 2] } as const;
 * const { classifier } = await fitLinearClassifier({ features, labels: [0, 0, 1, 1] });
 * const logits = await linearLogits(classifier, features); // [4, 2]
 * ```
 */
export async function fitLinearClassifier(options: FitLinearClassifierOptions): Promise<FittedLinearClassifier> {
  const { features, labels, maxIterations = 300, tolerance = 1e-5, standardize: scale = true } = options;
  const { numClasses = Math.floor(Array.from(labels).reduce((largest, label) => Math.max(largest, label), 0)) + 1 } = options;
  const { l2: asked = 1 / features.shape[0] } = options;
  checkFit('fitLinearClassifier', { features, l2: asked, maxIterations, tolerance });
  const [rows, dim] = features.shape;
  checkLabels('fitLinearClassifier: `labels`', labels, { rows, numClasses });
  const { mean, deviation } = columnStatistics(features);
  const centered = { mean, deviation: scale ? deviation : deviation.map(() => 1) };
  const x = matrixOf(standardize(features, centered));
  const target = oneHotRows(labels, numClasses);
  let span: RowSpan | undefined;
  try {
    if (dim > 2 * rows && rows <= MOST_SPANNED) span = await rowSpan(x);
    const problem = span
      ? { x: span.coordinates, target, divisors: await divisorsOf(span.coordinates) }
      : { x, target, divisors: (weight: number) => deviation.map((value) => (scale ? 1 : Math.sqrt(value ** 2 + weight))) };
    const l2 = asked === 'auto' ? await choosePenalty(problem, labels, sumOfVariances(features, centered)) : asked;
    const { kernel, bias, loss, iterations, converged } = await solveLogistic(problem, { l2, maxIterations, tolerance });
    const classifier = { ...centered, kernel: span ? await span.lift(kernel, numClasses) : kernel, bias };
    return { classifier, l2, loss, iterations, converged };
  } finally {
    tf.dispose([x, target, ...(span ? [span.coordinates] : [])]);
  }
}

/**
 * The logits of features by a linear classifier.
 *
 * @param classifier from {@link fitLinearClassifier}
 * @param features float32 `[rows, dim]`
 * @returns float32 `[rows, numClasses]`
 * @throws SelfsupError `SELFSUP_SHAPE` when the columns are not those of the classifier, `SELFSUP_NON_FINITE` naming the row that is not finite
 */
export async function linearLogits(classifier: LinearClassifier, features: FeatureMatrix): Promise<FeatureMatrix> {
  checkFeatures('linearLogits: `features`', features);
  const mean = Float64Array.from(classifier.mean);
  const [rows, dim] = features.shape;
  if (dim !== mean.length)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `linearLogits: \`features\` must have dim ${mean.length} like the classifier, got [${rows}, ${dim}]`,
    );
  const x = matrixOf(standardize(features, { mean, deviation: Float64Array.from(classifier.deviation) }));
  try {
    const model = { kernel: Float64Array.from(classifier.kernel), bias: Float64Array.from(classifier.bias) };
    return { data: await logitsOfRows(x, model), shape: [rows, model.bias.length] };
  } finally {
    x.dispose();
  }
}

function takeRows({ data, shape: [, dim] }: FeatureMatrix, rows: readonly number[]): FeatureMatrix {
  const taken = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  return { data: taken, shape: [rows.length, dim] };
}

/** What {@link crossValidatedLogits} gives. */
export interface CrossValidatedLogits {
  /** Float32 `[rows, numClasses]`. */
  readonly logits: FeatureMatrix;
  /** `[rows]`: which row of the features each is of, ascending. */
  readonly indices: Int32Array;
}

/**
 * The logits of labeled examples by linear classifiers that have not seen them: of five folds each by a classifier of the other four. They say how good and how
 * sure a classifier of all of them is, where there are no other examples to judge by.
 *
 * @param options as for {@link fitLinearClassifier}; `auto` for `l2` is chosen once, on all rows
 * @returns see {@link CrossValidatedLogits}; beyond 2,000 rows of the first fold only. Without rows where not one class has two
 * @throws SelfsupError as {@link fitLinearClassifier}
 * @remarks Where the penalty was chosen on the same folds, the accuracy of these logits is a little too good.
 */
export async function crossValidatedLogits(options: FitLinearClassifierOptions): Promise<CrossValidatedLogits> {
  const { features, labels } = options;
  const { numClasses = Math.floor(Array.from(labels).reduce((largest, label) => Math.max(largest, label), 0)) + 1 } = options;
  checkLabels('crossValidatedLogits: `labels`', labels, { rows: features.shape[0], numClasses });
  const l2 = options.l2 === 'auto' ? (await fitLinearClassifier(options)).l2 : options.l2;
  const folds = foldsOf(labels, numClasses);
  const rows = Array.from(folds.keys());
  const found = new Map<number, Float32Array>();
  for (const fold of new Set(labels.length > MANY_ROWS ? [0] : folds)) {
    const learn = rows.filter((row) => folds[row] !== fold);
    const ask = rows.filter((row) => folds[row] === fold);
    if (learn.length === 0) continue;
    const part = { ...options, features: takeRows(features, learn), labels: learn.map((row) => labels[row]!), numClasses };
    const { classifier } = await fitLinearClassifier({ ...part, ...(l2 !== undefined && { l2 }) });
    const { data } = await linearLogits(classifier, takeRows(features, ask));
    for (const [i, row] of ask.entries()) found.set(row, data.subarray(i * numClasses, (i + 1) * numClasses));
  }
  const indices = Int32Array.from(found.keys()).sort();
  const data = new Float32Array(indices.length * numClasses);
  for (const [i, row] of indices.entries()) data.set(found.get(row)!, i * numClasses);
  return { logits: { data, shape: [indices.length, numClasses] }, indices };
}

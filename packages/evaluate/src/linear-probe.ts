import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { accuracy } from './accuracy.ts';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { minimize, type Evaluation } from './minimize.ts';
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
  /** The weight of ½‖kernel‖² beside the mean loss, ≥ 0; default 1/rows, scikit-learn's C = 1. The bias is free. */
  l2?: number;
  /** Whether columns are brought to mean 0 and deviation 1 first, by the statistics of `features`; default true. */
  standardize?: boolean;
  /** At most so many steps of L-BFGS, an integer ≥ 1; default 300. */
  maxIterations?: number;
  /** Done when no entry of the gradient, by standardized columns whatever `standardize` says, is larger, > 0; default 1e-5. */
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
  /** What was minimized, at the end: the mean cross entropy in nats and the penalty. */
  readonly loss: number;
  /** Steps of L-BFGS. */
  readonly iterations: number;
  /** Whether the gradient fell below the tolerance. The loss is then next to its minimum, unless that is next to 0: separable classes, and hardly a penalty. */
  readonly converged: boolean;
}

interface Problem {
  readonly x: tf.Tensor2D;
  /** `[rows, numClasses]`, one 1 in each row. */
  readonly target: tf.Tensor2D;
  /** `[dim]`: the weight of the penalty on the kernel's row of each column. */
  readonly penalties: Float64Array;
}

const logitsOf = (x: tf.Tensor2D, point: Float64Array, numClasses: number) => {
  const dim = x.shape[1];
  const kernel = tf.tensor2d(Float32Array.from(point.subarray(0, dim * numClasses)), [dim, numClasses]);
  const bias = tf.tensor1d(Float32Array.from(point.subarray(dim * numClasses)));
  return tf.fused.matMul({ a: x, b: kernel, bias }) as tf.Tensor2D; // [rows, numClasses]
};

/** The penalized loss and its gradient; the sums over rows run on the backend. */
async function evaluate({ x, target, penalties }: Problem, point: Float64Array): Promise<Evaluation> {
  const [rows, numClasses] = target.shape;
  const weights = x.shape[1] * numClasses;
  const read = tf.tidy(() => {
    const logits = logitsOf(x, point, numClasses);
    const shifted = tf.sub(logits, tf.max(logits, 1, true)); // [rows, numClasses]
    const exps = tf.exp(shifted);
    const sums = tf.sum(exps, 1, true); // [rows, 1]
    const loss = tf.sub(tf.mean(tf.log(sums)), tf.div(tf.sum(tf.mul(shifted, target)), rows)); // scalar
    const error = tf.div(tf.sub(tf.div(exps, sums), target), rows); // [rows, numClasses]
    const parts = [tf.reshape(loss, [1]), tf.reshape(tf.matMul(x, error, true, false), [weights]), tf.sum(error, 0)];
    return tf.concat(parts as tf.Tensor1D[]); // in one transfer
  });
  const values = await read.data().finally(() => {
    read.dispose();
  });
  const gradient = Float64Array.from(values.subarray(1));
  let penalty = 0;
  for (let i = 0; i < weights; i++) {
    const l2 = penalties[Math.floor(i / numClasses)]!;
    penalty += 0.5 * l2 * point[i]! ** 2;
    gradient[i]! += l2 * point[i]!;
  }
  return { value: values[0]! + penalty, gradient };
}

async function classify(x: tf.Tensor2D, point: Float64Array, numClasses: number): Promise<Int32Array> {
  const best = tf.tidy(() => tf.argMax(logitsOf(x, point, numClasses), 1)); // [rows]
  return Int32Array.from(
    await best.data().finally(() => {
      best.dispose();
    }),
  );
}

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
  if (!(l2 >= 0 && l2 < Infinity)) fail(`\`l2\` must be a number >= 0, got ${l2}`);
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
  const { l2 = 1 / features.shape[0] } = options;
  checkOptions({ features, queries, maxIterations, tolerance, l2 });
  const [rows, dim] = features.shape;
  checkLabels('linearProbe: `labels`', labels, { rows, numClasses });
  // a class that only the queries have cannot be predicted; it counts as wrong
  checkLabels('linearProbe: `queryLabels`', queryLabels, { rows: queries.shape[0], numClasses: options.numClasses ?? 2 ** 31 });
  const { mean, deviation } = columnStatistics(features);
  // Raw columns are solved in coordinates of like curvature, too: the bias takes up the means, the kernel the divisors, and the penalty goes with the kernel.
  // In their own units the gradient of a small column falls below any tolerance long before the optimum.
  const divisors = scale ? deviation : deviation.map((value) => Math.sqrt(value ** 2 + l2));
  const penalties = divisors.map((value) => (scale ? l2 : l2 / value ** 2));
  const matrix = (of: FeatureMatrix) => tf.tensor2d(standardize(of, { mean, deviation: divisors }).data, [...of.shape]);
  const oneHot = new Float32Array(rows * numClasses);
  for (let row = 0; row < rows; row++) oneHot[row * numClasses + labels[row]!] = 1;
  const [x, target] = [matrix(features), tf.tensor2d(oneHot, [rows, numClasses])];
  try {
    const start = new Float64Array((dim + 1) * numClasses);
    const found = await minimize((point) => evaluate({ x, target, penalties }, point), start, { maxIterations, tolerance });
    const trained = await classify(x, found.point, numClasses);
    const asked = matrix(queries);
    const predictions = await classify(asked, found.point, numClasses).finally(() => {
      asked.dispose();
    });
    return {
      accuracy: accuracy(predictions, queryLabels),
      trainAccuracy: accuracy(trained, labels),
      predictions,
      loss: found.value,
      iterations: found.iterations,
      converged: found.converged,
    };
  } finally {
    tf.dispose([x, target]);
  }
}

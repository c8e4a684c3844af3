import * as tf from '@tensorflow/tfjs-core';
import { minimize, type Evaluation } from '../minimize.ts';

/** Rows in coordinates in which the penalty is the same everywhere. */
export interface LogisticProblem {
  /** `[rows, dim]`, every column of mean 0. */
  readonly x: tf.Tensor2D;
  /** `[rows, numClasses]`, one 1 in each row. */
  readonly target: tf.Tensor2D;
  /** `[dim]`: what a column is divided by while the penalty is `l2`, so that all have like curvature. */
  readonly divisors: (l2: number) => Float64Array;
}

/** A linear classifier. */
export interface LogisticModel {
  /** `[dim, numClasses]`, row by row. */
  readonly kernel: Float64Array;
  /** `[numClasses]`. */
  readonly bias: Float64Array;
}

/** Options of {@link solveLogistic}. */
export interface SolveLogisticOptions {
  /** The weight of ½‖kernel‖² beside the mean loss. */
  l2: number;
  maxIterations: number;
  tolerance: number;
  /** Where to start; default zeros. */
  start?: LogisticModel | undefined;
}

/** What {@link solveLogistic} finds. */
export interface SolvedLogistic extends LogisticModel {
  readonly loss: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** The classes as rows with one 1. */
export function oneHotRows(labels: ArrayLike<number>, numClasses: number): tf.Tensor2D {
  const values = new Float32Array(labels.length * numClasses);
  for (let row = 0; row < labels.length; row++) values[row * numClasses + labels[row]!] = 1;
  return tf.tensor2d(values, [labels.length, numClasses]);
}

const logitsOf = (x: tf.Tensor2D, point: Float64Array, numClasses: number): tf.Tensor2D => {
  const dim = x.shape[1];
  const kernel = tf.tensor2d(Float32Array.from(point.subarray(0, dim * numClasses)), [dim, numClasses]);
  const bias = tf.tensor1d(Float32Array.from(point.subarray(dim * numClasses)));
  return tf.fused.matMul({ a: x, b: kernel, bias }) as tf.Tensor2D; // [rows, numClasses]
};

/** The penalized loss and its gradient; the sums over rows run on the backend. */
async function evaluate(
  { x, target, penalties }: { x: tf.Tensor2D; target: tf.Tensor2D; penalties: Float64Array },
  point: Float64Array,
): Promise<Evaluation> {
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

/**
 * Minimizes the mean cross entropy and the penalty by L-BFGS; the bias is free. Internal.
 *
 * @param problem see {@link LogisticProblem}
 * @param options see {@link SolveLogisticOptions}
 */
export async function solveLogistic(problem: LogisticProblem, options: SolveLogisticOptions): Promise<SolvedLogistic> {
  const { l2, maxIterations, tolerance, start } = options;
  const [dim, numClasses] = [problem.x.shape[1], problem.target.shape[1]];
  // In their own units the gradient of a small column falls below any tolerance long before the optimum.
  const divisors = problem.divisors(l2);
  const penalties = divisors.map((value) => l2 / value ** 2);
  const scaled = (kernel: Float64Array, power: 1 | -1) => kernel.map((value, i) => value * divisors[Math.floor(i / numClasses)]! ** power);
  const point = new Float64Array((dim + 1) * numClasses);
  if (start) {
    point.set(scaled(start.kernel, 1));
    point.set(start.bias, dim * numClasses);
  }
  const x = tf.tidy(() => {
    if (divisors.every((value) => value === 1)) return tf.clone(problem.x);
    return tf.div<tf.Tensor2D>(problem.x, tf.tensor1d(Float32Array.from(divisors)));
  });
  try {
    const found = await minimize((at) => evaluate({ x, target: problem.target, penalties }, at), point, { maxIterations, tolerance });
    return {
      kernel: scaled(found.point.slice(0, dim * numClasses), -1),
      bias: found.point.slice(dim * numClasses),
      loss: found.value,
      iterations: found.iterations,
      converged: found.converged,
    };
  } finally {
    x.dispose();
  }
}

/** The logits `[rows, numClasses]` that a classifier gives rows, row by row. */
export async function logitsOfRows(x: tf.Tensor2D, { kernel, bias }: LogisticModel): Promise<Float32Array> {
  const point = new Float64Array(kernel.length + bias.length);
  point.set(kernel);
  point.set(bias, kernel.length);
  const logits = tf.tidy(() => logitsOf(x, point, bias.length));
  const values = await logits.data<'float32'>().finally(() => {
    logits.dispose();
  });
  return Float32Array.from(values); // the backend may keep what it gave
}

/** The largest of each row, the first of equals. */
export function largestOfRows(values: ArrayLike<number>, columns: number): Int32Array {
  return Int32Array.from({ length: values.length / columns }, (_, row) => {
    let best = 0;
    for (let j = 1; j < columns; j++) if (values[row * columns + j]! > values[row * columns + best]!) best = j;
    return best;
  });
}

/** The classes that a classifier gives rows. */
export async function classify(x: tf.Tensor2D, model: LogisticModel): Promise<Int32Array> {
  return largestOfRows(await logitsOfRows(x, model), model.bias.length);
}

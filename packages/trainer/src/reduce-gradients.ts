import * as tf from '@tensorflow/tfjs-core';
import { sumOfEach, type Collective, type Gradients, type VariableMap } from '@selfsup/core';
import { LEAST_WEIGHT, type StepGradients } from './step-gradients.ts';

/** The gradients and numbers of a step, the same on every rank. Internal. */
export interface ReducedStep {
  /** Mean gradients by path; null where no rank has one. The caller disposes them. */
  readonly gradients: Gradients;
  /** The loss, then the metrics. */
  readonly summary: Float32Array;
  /** The first path whose gradient is not finite. */
  readonly nonFinite: string | undefined;
}

/** One process: only loss, metrics and the sums that show whether the gradients are finite leave the backend, in one transfer. */
async function readSolo({ gradients, summary }: StepGradients): Promise<ReducedStep> {
  const paths = Object.keys(gradients).filter((path) => gradients[path] !== null);
  const read = tf.tidy(() => tf.concat1d([summary, sumOfEach(paths.map((path) => gradients[path]!))]));
  try {
    const numbers = Float32Array.from(await read.data());
    return {
      gradients,
      summary: numbers.slice(0, summary.size),
      nonFinite: paths.find((_, i) => !Number.isFinite(numbers[summary.size + i])),
    };
  } finally {
    read.dispose();
  }
}

/** 0 · x is NaN for what is not finite, and the sum of zeros is 0; a call for each number would take as long as the sum over ranks. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * values[i]!;
  return sum === 0;
}

/**
 * Several: [weight, loss, metrics, one flag per variable that has a gradient, all gradients (zeros where there is none)] is averaged as one array, loss, metrics
 * and gradients as products with the weight.
 */
async function reduceOverRanks(
  { gradients, summary, weight }: StepGradients,
  variables: VariableMap,
  collective: Collective,
): Promise<ReducedStep> {
  const paths = Object.keys(gradients);
  const flat = tf.tidy(() => {
    const flags = tf.tensor1d(paths.map((path) => (gradients[path] ? 1 : 0)));
    const parts = paths.map((path) => tf.reshape<tf.Rank.R1>(gradients[path] ?? tf.zeros([variables[path]!.size]), [-1]));
    const weighed = (part: tf.Tensor1D) => (weight ? tf.mul<tf.Tensor1D>(part, weight) : part);
    return tf.concat1d([weight ? tf.reshape(weight, [1]) : tf.ones([1]), weighed(summary), flags, ...parts.map(weighed)]);
  });
  let numbers: Float32Array;
  try {
    numbers = (await flat.data()) as Float32Array; // ours: nobody else has the tensor
  } finally {
    flat.dispose();
  }
  await collective.allReduceMean(numbers);
  const reduced: Gradients = {};
  let nonFinite: string | undefined;
  const all = weight ? Math.max(numbers[0]!, LEAST_WEIGHT) : 1;
  let offset = 1 + summary.size + paths.length;
  paths.forEach((path, i) => {
    const { size, shape } = variables[path]!;
    const values = numbers.subarray(offset, offset + size);
    if (weight) for (let k = 0; k < size; k++) values[k]! /= all;
    reduced[path] = numbers[1 + summary.size + i]! > 0 ? tf.tensor(values, shape) : null;
    if (!allFinite(values)) nonFinite ??= path;
    offset += size;
  });
  return { gradients: reduced, summary: numbers.slice(1, 1 + summary.size).map((value) => value / all), nonFinite };
}

/**
 * Averages a step over the ranks, loss and metrics included, so that all ranks see the same numbers and stop at the same step. Internal.
 *
 * @remarks One transfer from the backend in either case, and one all-reduce where there are several ranks.
 */
export function reduceStep(step: StepGradients, variables: VariableMap, collective: Collective): Promise<ReducedStep> {
  return collective.worldSize > 1 ? reduceOverRanks(step, variables, collective) : readSolo(step);
}

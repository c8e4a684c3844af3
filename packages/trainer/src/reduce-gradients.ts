import * as tf from '@tensorflow/tfjs-core';
import { memoryOf, sumOfEach, type Collective, type Gradients, type VariableMap } from '@selfsup/core';
import { LEAST_WEIGHT, type StepGradients } from './step-gradients.ts';
import { tidyAsync } from './tidy-async.ts';

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

/** [weight, loss, metrics, one flag per variable that has a gradient], loss and metrics as products with the weight. */
function headOf({ gradients, summary, weight }: StepGradients): tf.Tensor1D {
  const flags = Object.values(gradients).map((gradient) => (gradient ? 1 : 0));
  return tf.tidy(() =>
    tf.concat1d([
      weight ? tf.reshape(weight, [1]) : tf.ones([1]),
      weight ? tf.mul<tf.Tensor1D>(summary, weight) : summary,
      tf.tensor1d(flags, 'float32'),
    ]),
  );
}

/**
 * Averages head and gradients where they lie. `parts` are owned by the caller, and nobody else has their memory.
 *
 * @returns the head
 */
async function reduceInPlace(head: tf.Tensor1D, parts: readonly tf.Tensor[], collective: Collective): Promise<Float32Array> {
  const numbers = Float32Array.from(await head.data());
  await collective.allReduceMeanEach!(() => [numbers, ...parts.map((part) => memoryOf(part)!)]);
  return numbers;
}

/** Averages head and gradients as one array. */
async function reduceTogether(
  head: tf.Tensor1D,
  parts: readonly tf.Tensor[],
  collective: Collective,
): Promise<{ head: Float32Array; means: tf.Tensor[] }> {
  const flat = tf.tidy(() => tf.concat1d([head, ...parts.map((part) => tf.reshape<tf.Rank.R1>(part, [-1]))]));
  let numbers: Float32Array;
  try {
    numbers = (await flat.data()) as Float32Array; // ours: nobody else has the tensor
  } finally {
    flat.dispose();
  }
  await collective.allReduceMean(numbers);
  let offset = head.size;
  const means = parts.map(({ size, shape }) => tf.tensor(numbers.subarray(offset, (offset += size)), shape));
  return { head: numbers.subarray(0, head.size), means };
}

/** Several ranks: head and gradients (zeros where there is none), as products with the weight, are averaged as if they were one array. */
async function reduceOverRanks(step: StepGradients, variables: VariableMap, collective: Collective): Promise<ReducedStep> {
  const { gradients, summary, weight } = step;
  const paths = Object.keys(gradients);
  return tidyAsync(async (own) => {
    const inPlace = collective.allReduceMeanEach !== undefined;
    const head = own(headOf(step));
    const parts = own(
      tf.tidy(() =>
        paths.map((path) => {
          const gradient = gradients[path];
          if (!gradient) return tf.zeros(variables[path]!.shape);
          if (weight) return tf.mul(gradient, weight);
          return inPlace && !memoryOf(gradient) ? tf.mul(gradient, 1) : gradient; // memory of its own, where the backend gives it
        }),
      ),
    );
    const canReach = inPlace && parts.every((part) => memoryOf(part) !== undefined);
    const { head: numbers, means } = canReach
      ? { head: await reduceInPlace(head, parts, collective), means: parts }
      : await reduceTogether(head, parts, collective);
    own(means);
    const all = weight ? Math.max(numbers[0]!, LEAST_WEIGHT) : 1;
    const reduced: Gradients = {};
    paths.forEach((path, i) => {
      const hasGradient = numbers[1 + summary.size + i]! > 0;
      const mean = means[i]!;
      reduced[path] = !hasGradient ? null : weight ? own(tf.tidy(() => tf.div<tf.Tensor>(mean, all))) : mean;
    });
    const { nonFinite } = await readSolo({ gradients: reduced, summary, metricNames: [] });
    return { gradients: reduced, summary: numbers.slice(1, 1 + summary.size).map((value) => value / all), nonFinite };
  });
}

/**
 * Averages a step over the ranks, loss and metrics included, so that all ranks see the same numbers and stop at the same step. Internal.
 *
 * @remarks With several ranks one all-reduce of all numbers: in the memory of the backend where it can be reached, else in an array of their own.
 */
export function reduceStep(step: StepGradients, variables: VariableMap, collective: Collective): Promise<ReducedStep> {
  return collective.worldSize > 1 ? reduceOverRanks(step, variables, collective) : readSolo(step);
}

import * as tf from '@tensorflow/tfjs-core';
import { createRng, SelfsupError, soloCollective, type Batch, type PretextTaskRun, type StepContext, type Targets } from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { differentiate } from './differentiate.ts';
import { differingPaths, readValues, sameBytes, variablesOf, type Values } from './variable-values.ts';

/** What one step showed. Internal. */
export interface StepRecord {
  readonly loss: number;
  /** As the tape gave them, before `transformGradients`. */
  readonly gradients: Values;
  /** The trainable variables that `afterStep` wrote. */
  readonly writtenAfter: readonly string[];
}

/** Throws what a check found. Internal. */
export function fail(message: string): never {
  throw new SelfsupError('SELFSUP_PLUGIN_API', message);
}

const totalStepsOf = ({ steps }: Subject) => steps + 4;

/** Builds a run as the trainer does. Internal. */
export const createRun = (subject: Subject, seed = 0): PretextTaskRun =>
  subject.task.create({ rng: createRng(seed).fold('create'), totalSteps: totalStepsOf(subject) });

/** Builds a run, works with it and disposes it; tensors that the task leaves are disposed unless it keeps them. Internal. */
export function withRun<R>(subject: Subject, work: (run: PretextTaskRun) => R, seed = 0): R {
  let result: R;
  tf.tidy(() => {
    const run = createRun(subject, seed);
    try {
      result = work(run);
    } finally {
      run.dispose();
    }
  });
  return result!;
}

/** The context of a step, from the streams that the trainer uses. Internal. */
export const contextAt = (subject: Subject, step: number, overrides: Partial<StepContext> & { seed?: number } = {}): StepContext => {
  const { seed = 0, ...rest } = overrides;
  const rank = rest.collective?.rank ?? 0;
  const rng = createRng(seed).fold('step').fold(step).fold(rank);
  return { rng, totalSteps: totalStepsOf(subject), step, training: true, collective: soloCollective, ...rest };
};

/** Makes the batch of a step, works with it and disposes it. Internal. */
export function withBatch<R>({ batchAt }: Subject, step: number, work: (batch: Batch) => R): R {
  let result: R;
  tf.tidy(() => {
    const batch = batchAt(step);
    try {
      result = work(batch);
    } finally {
      tf.dispose(batch as tf.TensorContainer);
    }
  });
  return result!;
}

/** The targets in tensors of their own, as the trainer takes them. Internal. */
export const targetsOf = (run: PretextTaskRun, batch: Batch, context: StepContext): Targets =>
  tf.tidy(() => {
    const targets = run.targets?.(batch, context) ?? {};
    return Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, tf.clone(target)] as const));
  });

/** One update in the contract's order: targets → loss and gradients → transformGradients → plain SGD → afterStep. Internal. */
export function makeStep(subject: Subject, run: PretextTaskRun, options: { step: number; seed?: number }): StepRecord {
  const { step, ...seeded } = options;
  const context = contextAt(subject, step, seeded);
  return withBatch(subject, step, (batch) => {
    const targets = targetsOf(run, batch, context);
    const { loss, gradients } = differentiate(() => run.loss(batch, targets, context).loss, run.trainable);
    const raw = Object.fromEntries(
      Object.entries(run.trainable).map(([path, { shape }]) => [path, gradients[path] ? tf.tensor(gradients[path], shape) : null] as const),
    );
    const transformed = run.transformGradients?.({ ...raw }, context) ?? raw;
    for (const [path, gradient] of Object.entries(transformed))
      if (gradient) run.trainable[path]!.assign(tf.sub(run.trainable[path]!, tf.mul(gradient, subject.learningRate)));
    const before = readValues(run.trainable);
    tf.tidy(() => run.afterStep?.(targets, context));
    return { loss, gradients, writtenAfter: differingPaths(before, readValues(run.trainable)) };
  });
}

/** The path of a run: the loss of each step, then all values. Internal. */
export interface Trajectory {
  readonly losses: Float32Array;
  readonly values: Values;
}

/** Runs from one step to another; `between` sees the run before each step. Internal. */
export function runSteps(
  subject: Subject,
  run: PretextTaskRun,
  options: { from?: number; to?: number; seed?: number; between?: (step: number) => void } = {},
): Trajectory {
  const { from = 0, to = subject.steps, between, ...seeded } = options;
  const losses: number[] = [];
  for (let step = from; step < to; step++) {
    between?.(step);
    losses.push(makeStep(subject, run, { step, ...seeded }).loss);
  }
  return { losses: Float32Array.from(losses), values: readValues(variablesOf(run)) };
}

/** Where two trajectories part, in words; undefined where they are the same to the bit. Internal. */
export function whereTheyPart(a: Trajectory, b: Trajectory, firstStep = 0): string | undefined {
  const at = a.losses.findIndex((loss, i) => !sameBytes(Float32Array.of(loss), b.losses.subarray(i, i + 1)));
  if (at >= 0) return `the loss of step ${firstStep + at} is ${a.losses[at]} and ${b.losses[at]}`;
  const [path] = differingPaths(a.values, b.values);
  return path && `\`${path}\` has other values`;
}

import * as tf from '@tensorflow/tfjs-core';
import {
  createRng,
  createStepContext,
  mapTensors,
  SelfsupError,
  type AnyPretextTaskRun,
  type Batch,
  type Collective,
  type Kept,
  type StepContext,
  type StepContextOptions,
  type Targets,
} from '@selfsup/core';
import type { Subject } from './conformance-options.ts';
import { differentiate } from './differentiate.ts';
import { joinRows, lossOf, type Part } from './loss-of-parts.ts';
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
export const createRun = (subject: Subject, seed = 0): AnyPretextTaskRun =>
  subject.task.create({ rng: createRng(seed).fold('create'), totalSteps: totalStepsOf(subject) });

/** `tf.tidy` for work that waits for the backend: nothing else may run in between. Internal. */
export async function tidyAsync<R>(work: () => Promise<R>): Promise<R> {
  tf.engine().startScope();
  try {
    return await work();
  } finally {
    tf.engine().endScope();
  }
}

/** Builds a run, works with it and disposes it; tensors that the task leaves are disposed unless it keeps them. Internal. */
export const withRun = <R>(subject: Subject, work: (run: AnyPretextTaskRun) => R | Promise<R>, seed = 0): Promise<R> =>
  tidyAsync(async () => {
    const run = createRun(subject, seed);
    try {
      return await work(run);
    } finally {
      run.dispose();
    }
  });

/** The context of a step, from the streams that the trainer uses. Internal. */
export const contextAt = (
  subject: Subject,
  step: number,
  overrides: Partial<Omit<StepContextOptions, 'rng' | 'step' | 'totalSteps'>> & { seed?: number } = {},
): StepContext => {
  const { seed = 0, ...rest } = overrides;
  return createStepContext({ rng: createRng(seed), step, totalSteps: totalStepsOf(subject), ...rest });
};

/** Makes the batch of a step, works with it and disposes it. Internal. */
export const withBatch = <R>({ batchAt }: Subject, step: number, work: (batch: Batch) => R | Promise<R>): Promise<R> =>
  tidyAsync(async () => {
    const batch = batchAt(step);
    try {
      return await work(batch);
    } finally {
      tf.dispose(batch as tf.TensorContainer);
    }
  });

/** The targets in tensors of their own, as the trainer takes them. Internal. */
export const targetsOf = (run: AnyPretextTaskRun, batch: Batch, context: StepContext): Targets =>
  tf.tidy(() => mapTensors(run.targets?.(batch, context) ?? {}, (tensor) => tf.clone(tensor)) as tf.TensorContainer) as Targets;

/** One update in the contract's order: targets → loss and gradients → transformGradients → plain SGD → afterStep; of the whole batch or of its halves. Internal. */
export async function makeStep(
  subject: Subject,
  run: AnyPretextTaskRun,
  options: { step: number; seed?: number; halves?: boolean; synchronize?: Collective },
): Promise<StepRecord> {
  const { step, halves = false, seed = 0, synchronize } = options;
  const seeded = { seed, ...(synchronize && { collective: synchronize, synchronizeNormalization: true }) };
  const shared = contextAt(subject, step, { ...seeded, shared: true });
  return withBatch(subject, step, async (batch) => {
    const parts = (halves ? [subject.split(batch, 0), subject.split(batch, 1)] : [batch]).map((part, microBatch): Part => {
      const context = contextAt(subject, step, { ...seeded, microBatch });
      return { batch: part, context, targets: targetsOf(run, part, context) };
    });
    let kept: Kept = {};
    try {
      const objective = () => {
        const { loss, keep = {} } = lossOf(run, parts, shared);
        kept = mapTensors(keep, (tensor) => tf.keep(tf.clone(tensor)));
        return loss;
      };
      const { loss, gradients } = await differentiate(objective, run.trainable);
      const raw = Object.fromEntries(
        Object.entries(run.trainable).map(
          ([path, { shape }]) => [path, gradients[path] ? tf.tensor(gradients[path], shape) : null] as const,
        ),
      );
      const transformed = run.transformGradients?.({ ...raw }, shared) ?? raw;
      for (const [path, gradient] of Object.entries(transformed))
        if (gradient) run.trainable[path]!.assign(tf.sub(run.trainable[path]!, tf.mul(gradient, subject.learningRate)));
      const before = await readValues(run.trainable);
      tf.tidy(() => {
        run.afterStep?.({ targets: joinRows(parts.map(({ targets }) => targets)), kept }, shared);
      });
      return { loss, gradients, writtenAfter: differingPaths(before, await readValues(run.trainable)) };
    } finally {
      tf.dispose(kept as tf.TensorContainer);
    }
  });
}

/** The path of a run: the loss of each step and all values after it. Internal. */
export interface Trajectory {
  readonly losses: Float32Array;
  readonly values: readonly Values[];
}

/** Runs from one step to another; `between` sees the run before each step. Internal. */
export async function runSteps(
  subject: Subject,
  run: AnyPretextTaskRun,
  options: { from?: number; to?: number; seed?: number; between?: (step: number) => Promise<void> } = {},
): Promise<Trajectory> {
  const { from = 0, to = subject.steps, between, ...seeded } = options;
  const losses: number[] = [];
  const values: Values[] = [];
  for (let step = from; step < to; step++) {
    await between?.(step);
    losses.push((await makeStep(subject, run, { step, ...seeded })).loss);
    values.push(await readValues(variablesOf(run)));
  }
  return { losses: Float32Array.from(losses), values };
}

const named = (paths: readonly string[]): string => {
  const shown = paths.slice(0, 4).map((path) => `\`${path}\``);
  return paths.length > 4 ? `${shown.join(', ')} and ${paths.length - 4} more` : shown.join(', ');
};

/** Where two trajectories part, in words, with the variables that differ first; undefined where they are the same to the bit. Internal. */
export function whereTheyPart(a: Trajectory, b: Trajectory, firstStep = 0): string | undefined {
  for (let i = 0; i < a.values.length; i++) {
    const differing = named(differingPaths(a.values[i]!, b.values[i]!));
    const step = firstStep + i;
    if (!sameBytes(a.losses.subarray(i, i + 1), b.losses.subarray(i, i + 1)))
      return `the loss of step ${step} is ${a.losses[i]} and ${b.losses[i]}${differing && `, after it ${differing} differ`}`;
    if (differing) return `after step ${step} ${differing} differ`;
  }
  return undefined;
}

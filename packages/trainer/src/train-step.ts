import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Batch, type Gradients, type PretextTaskRun, type StepContext, type Targets } from '@selfsup/core';
import { accumulateGradients, type MicroBatches, type UpdateGradients } from './accumulate-gradients.ts';
import { takeSnapshot } from './buffer-snapshot.ts';
import type { TransformState } from '@selfsup/optim';
import { reduceStep, type ReducedStep } from './reduce-gradients.ts';

/** What a train step reports: plain numbers, averaged over the micro-batches and the ranks. */
export interface StepMetrics {
  /** The update's number: 0 for the first. */
  readonly step: number;
  /** The task's loss. */
  readonly loss: number;
  /** The task's metrics by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The paths of trainable variables on which this loss did not depend; they were not updated. Empty unless the task means it so. */
  readonly withoutGradient: readonly string[];
}

/** A task at work with its optimizer. Internal. */
export interface TrainedRun<B extends Batch, T extends Targets> {
  readonly task: string;
  readonly run: PretextTaskRun<B, T>;
  readonly optimizer: TransformState;
}

function checkFinite(task: string, step: number, { summary, nonFinite }: ReducedStep): void {
  const loss = summary[0]!;
  const what = !Number.isFinite(loss)
    ? `the loss of ${task} is ${loss}`
    : nonFinite && `the gradient of \`${nonFinite}\` in ${task} is not finite`;
  if (what)
    throw new SelfsupError(
      'SELFSUP_NON_FINITE',
      `trainStep: ${what} at step ${step}; nothing was updated. Lower the learning rate, clip the gradients or look at the batch`,
    );
}

function checkTransformed(task: string, before: Gradients, after: Gradients): void {
  for (const path of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, fresh] = [before[path], after[path]];
    if (old === undefined || fresh === undefined)
      throw new SelfsupError(
        'SELFSUP_STATE',
        `transformGradients of ${task} must return the paths that it got, \`${path}\` is ${old === undefined ? 'new' : 'missing'}; null freezes a variable`,
      );
    if (old && fresh && !tf.util.arraysEqual(old.shape, fresh.shape))
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `transformGradients of ${task}: \`${path}\` must have shape [${old.shape.join(', ')}], got [${fresh.shape.join(', ')}]`,
      );
  }
}

function applyUpdates<B extends Batch, T extends Targets>(
  { task, run, optimizer }: TrainedRun<B, T>,
  raw: Gradients,
  context: StepContext,
): void {
  tf.tidy(() => {
    const gradients = run.transformGradients?.({ ...raw }, context) ?? raw;
    checkTransformed(task, raw, gradients);
    const updates = optimizer.update(gradients, { step: context.step, variables: run.trainable });
    for (const [path, update] of Object.entries(updates)) {
      if (update === null) continue;
      const variable = run.trainable[path]!;
      tf.tidy(() => {
        variable.assign(tf.add(variable, update));
      });
      update.dispose();
    }
  });
}

/**
 * One train step: targets → loss and gradients → mean over micro-batches and ranks → transformGradients → optimizer → afterStep. Internal; see `createTrainer`.
 *
 * @remarks Until loss and gradients are known to be finite nothing but `buffers` can have changed (normalization statistics), and those are put back when
 * the step fails.
 */
export async function runTrainStep<B extends Batch, T extends Targets>(
  trained: TrainedRun<B, T>,
  batches: MicroBatches<B>,
  context: StepContext,
): Promise<StepMetrics> {
  const { task, run } = trained;
  const snapshot = takeSnapshot(run.buffers);
  let step: UpdateGradients<T> | undefined;
  let reduced: ReducedStep | undefined;
  try {
    step = await accumulateGradients(trained, batches, context);
    const { targets } = step;
    reduced = await reduceStep(step, run.trainable, context.collective);
    checkFinite(task, context.step, reduced);
    applyUpdates(trained, reduced.gradients, context);
    tf.tidy(() => run.afterStep?.(targets, context));
    const { summary, gradients } = reduced;
    return {
      step: context.step,
      loss: summary[0]!,
      metrics: Object.fromEntries(step.metricNames.map((name, i) => [name, summary[i + 1]!] as const)),
      withoutGradient: Object.keys(gradients).filter((path) => gradients[path] === null),
    };
  } catch (error) {
    snapshot.restore();
    throw error;
  } finally {
    snapshot.dispose();
    tf.dispose([step?.targets ?? {}, step?.summary ?? {}, step?.gradients ?? {}, reduced?.gradients ?? {}] as tf.TensorContainer);
  }
}

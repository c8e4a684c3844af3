import * as tf from '@tensorflow/tfjs-core';
import {
  addEach,
  SelfsupError,
  type AnyPretextTaskRun,
  type Batch,
  type Gradients,
  type PretextTaskRun,
  type StepContext,
  type Targets,
} from '@selfsup/core';
import { takeSnapshot } from './buffer-snapshot.ts';
import { learningVariables } from './learning-variables.ts';
import type { TransformState } from '@selfsup/optim';
import { reduceStep, type ReducedStep } from './reduce-gradients.ts';
import type { MicroBatches, UpdateContexts, UpdateGradients } from './task-at-work.ts';
import { disposeAll } from './tidy-async.ts';
import { computeUpdate } from './update-gradients.ts';

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
  readonly run: AnyPretextTaskRun<B, T>;
  readonly optimizer: TransformState;
}

/** Variables that are moved at a time: what one program of a GPU takes, and little memory. */
const ADDED_TOGETHER = 2;

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

function applyUpdates(
  { task, run, optimizer }: { task: string; run: Pick<PretextTaskRun, 'trainable' | 'transformGradients'>; optimizer: TransformState },
  raw: Gradients,
  context: StepContext,
): void {
  tf.tidy(() => {
    const gradients = run.transformGradients?.({ ...raw }, context) ?? raw;
    checkTransformed(task, raw, gradients);
    const variables = learningVariables(run.trainable);
    const learning = Object.fromEntries(Object.keys(variables).map((path) => [path, gradients[path] ?? null]));
    const updates = optimizer.update(learning, { step: context.step, variables });
    const moves = Object.entries(updates).flatMap(([path, update]) => (update === null ? [] : [{ variable: variables[path]!, update }]));
    for (let i = 0; i < moves.length; i += ADDED_TOGETHER) {
      const some = moves.slice(i, i + ADDED_TOGETHER);
      tf.tidy(() => {
        const sums = addEach(
          some.map(({ variable }) => variable),
          some.map(({ update }) => update),
        );
        some.forEach(({ variable }, j) => {
          variable.assign(sums[j]!);
        });
      });
      for (const { update } of some) update.dispose();
    }
  });
}

/**
 * One train step: targets → (embed →) loss and gradients → mean over ranks → transformGradients → optimizer → afterStep. Internal; see `createTrainer`.
 *
 * @remarks Until loss and gradients are known to be finite nothing but `buffers` can have changed (normalization statistics), and those are put back when
 * the step fails.
 */
export async function runTrainStep<B extends Batch, T extends Targets>(
  trained: TrainedRun<B, T>,
  batches: MicroBatches<B>,
  contexts: UpdateContexts,
): Promise<StepMetrics> {
  const { task, run } = trained;
  const { shared } = contexts;
  const snapshot = takeSnapshot(run.buffers);
  let update: UpdateGradients<T> | undefined;
  let reduced: ReducedStep | undefined;
  try {
    update = await computeUpdate(trained, batches, contexts);
    const { targets, kept } = update;
    reduced = await reduceStep(update, run.trainable, shared.collective);
    checkFinite(task, shared.step, reduced);
    applyUpdates(trained, reduced.gradients, shared);
    tf.tidy(() => {
      run.afterStep?.({ targets, kept }, shared);
    });
    const { summary, gradients } = reduced;
    return {
      step: shared.step,
      loss: summary[0]!,
      metrics: Object.fromEntries(update.metricNames.map((name, i) => [name, summary[i + 1]!] as const)),
      withoutGradient: Object.keys(gradients).filter((path) => gradients[path] === null),
    };
  } catch (error) {
    snapshot.restore();
    throw error;
  } finally {
    snapshot.dispose();
    disposeAll([update, reduced?.gradients]);
  }
}

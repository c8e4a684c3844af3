import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Batch, type BatchRun, type Kept, type StepContext, type Targets } from '@selfsup/core';
import { gatherRecord } from './gather-rows.ts';
import { learningVariables } from './learning-variables.ts';
import { addGradients, byPath, checkConnected, differentiateLoss, scaleGradients, type StepGradients } from './step-gradients.ts';
import { computeTargets, type MicroBatches, type TaskAtWork, type UpdateContexts, type UpdateGradients } from './task-at-work.ts';
import { checkRanks, concatRecords } from './tensor-record.ts';
import { disposeAll, tidyAsync } from './tidy-async.ts';

type Own = <C>(container: C) => C;

/** Targets, loss and gradients of one micro-batch; all tensors are owned by the scope of `own`. */
function computePart<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<BatchRun<B, T>>,
  batch: B,
  { context, own }: { context: StepContext; own: Own },
): UpdateGradients<T> {
  const targets = own(computeTargets(run, batch, context));
  const part = own(differentiateLoss(task, () => run.loss(batch, targets, context), Object.values(learningVariables(run.trainable))));
  const gradients = byPath(run.trainable, part.gradients);
  checkConnected(task, gradients);
  if (run.afterStep) {
    checkRanks(task, 'targets', targets);
    checkRanks(task, 'keep', part.kept);
  }
  return { ...part, gradients, targets };
}

/** Adds the next micro-batch to the sum and disposes what it was given of both. */
function addPart(task: string, sum: StepGradients, next: StepGradients): StepGradients {
  if (sum.metricNames.join() !== next.metricNames.join())
    throw new SelfsupError(
      'SELFSUP_STATE',
      `the metrics of ${task} must be the same for all micro-batches of an update, got [${sum.metricNames.join(', ')}] and [${next.metricNames.join(', ')}]`,
    );
  const summary = tf.add<tf.Tensor1D>(sum.summary, next.summary);
  tf.dispose([sum.summary, next.summary]);
  return { summary, metricNames: sum.metricNames, gradients: addGradients(sum.gradients, next.gradients) };
}

function meanOf({ summary, metricNames, gradients }: StepGradients, count: number): StepGradients {
  if (count === 1) return { summary, metricNames, gradients };
  const mean = tf.tidy(() => tf.mul<tf.Tensor1D>(summary, 1 / count));
  summary.dispose();
  return { summary: mean, metricNames, gradients: scaleGradients(gradients, 1 / count) };
}

/**
 * Runs targets and loss of each micro-batch and averages gradients, loss and metrics, for tasks without `embed`. Internal.
 *
 * @throws SelfsupError `SELFSUP_BATCH` when there is no batch, `SELFSUP_STATE` when metrics differ, `SELFSUP_SHAPE` when rows of targets or of what is kept
 * cannot be put under each other, and what `differentiateLoss` throws; then no tensor stays
 */
export function accumulateGradients<B extends Batch, T extends Targets>(
  trained: TaskAtWork<BatchRun<B, T>>,
  batches: MicroBatches<B>,
  contexts: UpdateContexts,
): Promise<UpdateGradients<T>> {
  const { task, run } = trained;
  const { collective } = contexts.shared;
  return tidyAsync(async (own) => {
    const outcomes: { targets: T; kept: Kept }[] = [];
    let sum: StepGradients | undefined;
    let count = 0;
    for await (const batch of batches) {
      const { targets, kept, ...next } = computePart(trained, batch, { context: contexts.at(count), own });
      sum = own(sum ? addPart(task, sum, next) : next);
      if (run.afterStep) outcomes.push({ targets, kept });
      else disposeAll([targets, kept]);
      count++;
    }
    if (!sum) throw new SelfsupError('SELFSUP_BATCH', `trainStep: an update of ${task} must have at least one batch, got none`);
    const rowsOf = async <R extends Batch>(method: string, records: readonly R[]): Promise<R> => {
      const joined = records.length > 1 ? own(concatRecords(task, method, records)) : (records[0] ?? ({} as R));
      return collective.worldSize > 1 ? own(await gatherRecord(joined, collective)) : joined;
    };
    return {
      ...own(meanOf(sum, count)),
      targets: await rowsOf(
        'targets',
        outcomes.map(({ targets }) => targets),
      ),
      kept: await rowsOf(
        'keep',
        outcomes.map(({ kept }) => kept),
      ),
    };
  });
}

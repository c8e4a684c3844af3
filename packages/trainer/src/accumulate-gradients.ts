import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Batch, type BatchRun, type Kept, type StepContext, type Targets } from '@selfsup/core';
import { checkMicroBatches, gatherRecord } from './gather-rows.ts';
import { learningVariables } from './learning-variables.ts';
import {
  addGradients,
  byPath,
  checkConnected,
  differentiateLoss,
  LEAST_WEIGHT,
  scaleGradients,
  type DifferentiatedLoss,
  type StepGradients,
} from './step-gradients.ts';
import { computeTargets, type MicroBatches, type TaskAtWork, type UpdateContexts, type UpdateGradients } from './task-at-work.ts';
import { checkRanks, concatRecords } from './tensor-record.ts';
import { disposeAll, tidyAsync } from './tidy-async.ts';

type Own = <C>(container: C) => C;

/**
 * Divides the gradients of a loss times its weight by the weight, and disposes what they were: they will be multiplied by it. Where networks share statistics
 * over ranks, a gradient is one of the losses of all ranks, which must have their weights before; one with weight 0 still passes on that of the others.
 */
function shareOfWeighed(part: DifferentiatedLoss): DifferentiatedLoss {
  const { gradients, weight } = part;
  if (!weight) return part;
  const shared = tf.tidy(() => {
    const least = tf.maximum<tf.Scalar>(weight, LEAST_WEIGHT);
    return { weight: least, gradients: gradients.map((gradient) => gradient && tf.div(gradient, least)) } as unknown as tf.TensorContainer;
  }) as unknown as Pick<DifferentiatedLoss, 'weight' | 'gradients'>;
  disposeAll([weight, gradients]);
  return { ...part, ...shared };
}

/** Targets, loss and gradients of one micro-batch; all tensors are owned by the scope of `own`. */
function computePart<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<BatchRun<B, T>>,
  batch: B,
  { context, own }: { context: StepContext; own: Own },
): UpdateGradients<T> {
  const targets = own(computeTargets(run, batch, context));
  const by = Object.values(learningVariables(run.trainable));
  const loss = () => run.loss(batch, targets, context);
  const part = context.synchronize
    ? own(shareOfWeighed(own(differentiateLoss(task, loss, { by, weighed: true }))))
    : own(differentiateLoss(task, loss, { by }));
  const gradients = byPath(run.trainable, part.gradients);
  checkConnected(task, gradients);
  if (run.afterStep) {
    checkRanks(task, 'targets', targets);
    checkRanks(task, 'keep', part.kept);
  }
  return { ...part, gradients, targets };
}

/** Multiplies loss, metrics and gradients by the weight of a micro-batch, if it has one, and disposes what they were. */
function weighPart(part: StepGradients): StepGradients {
  const { summary, metricNames, gradients, weight } = part;
  if (!weight) return part;
  const weighed = tf.mul<tf.Tensor1D>(summary, weight);
  summary.dispose();
  return { summary: weighed, metricNames, weight, gradients: scaleGradients(gradients, weight) };
}

/** Adds the next micro-batch to the sum and disposes what it was given of both. */
function addPart(task: string, sum: StepGradients, next: StepGradients): StepGradients {
  if (sum.metricNames.join() !== next.metricNames.join())
    throw new SelfsupError(
      'SELFSUP_STATE',
      `the metrics of ${task} must be the same for all micro-batches of an update, got [${sum.metricNames.join(', ')}] and [${next.metricNames.join(', ')}]`,
    );
  if ((sum.weight === undefined) !== (next.weight === undefined))
    throw new SelfsupError('SELFSUP_STATE', `the loss of ${task} must have a \`weight\` for all micro-batches of an update, or for none`);
  const summary = tf.add<tf.Tensor1D>(sum.summary, next.summary);
  const weight = sum.weight && tf.add<tf.Scalar>(sum.weight, next.weight!);
  tf.dispose([sum.summary, next.summary, ...(weight ? [sum.weight, next.weight!] : [])]);
  return { summary, metricNames: sum.metricNames, gradients: addGradients(sum.gradients, next.gradients), weight };
}

function meanOf(sum: StepGradients, count: number): StepGradients {
  if (count === 1) return sum;
  const { summary, metricNames, gradients, weight } = sum;
  const share = weight ? tf.tidy(() => tf.div<tf.Scalar>(1, tf.maximum(weight, LEAST_WEIGHT))) : 1 / count;
  const mean = tf.tidy(() => tf.mul<tf.Tensor1D>(summary, share));
  summary.dispose();
  const scaled = scaleGradients(gradients, share);
  if (typeof share !== 'number') share.dispose();
  return { summary: mean, metricNames, gradients: scaled, weight };
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
      if (count === 1) sum = own(weighPart(sum!));
      sum = own(sum ? addPart(task, sum, own(weighPart(next))) : next);
      if (run.afterStep) outcomes.push({ targets, kept });
      else disposeAll([targets, kept]);
      count++;
    }
    if (!sum) throw new SelfsupError('SELFSUP_BATCH', `trainStep: an update of ${task} must have at least one batch, got none`);
    if (run.afterStep) await checkMicroBatches(task, count, collective);
    const rowsOf = async <R extends Batch>(method: string, records: readonly R[]): Promise<R> => {
      const parts: R[] = [];
      for (const record of records) parts.push(own(await gatherRecord(record, collective)));
      return parts.length > 1 ? own(concatRecords(task, method, parts)) : (parts[0] ?? ({} as R));
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

import type { AnyPretextTaskRun, Batch, Targets } from '@selfsup/core';
import { accumulateGradients } from './accumulate-gradients.ts';
import { cacheGradients } from './cache-gradients.ts';
import type { MicroBatches, TaskAtWork, UpdateContexts, UpdateGradients } from './task-at-work.ts';

/**
 * Computes the gradients of an update, by the form of the task. Internal.
 *
 * @throws SelfsupError `SELFSUP_BATCH` when there is no batch, `SELFSUP_SHAPE` on rows that do not fit, `SELFSUP_STATE` when no variable gets a gradient or
 * the metrics of micro-batches differ; then no tensor stays
 */
export function computeUpdate<B extends Batch, T extends Targets>(
  { task, run }: TaskAtWork<AnyPretextTaskRun<B, T>>,
  batches: MicroBatches<B>,
  contexts: UpdateContexts,
): Promise<UpdateGradients<T>> {
  return run.embed ? cacheGradients({ task, run }, batches, contexts) : accumulateGradients({ task, run }, batches, contexts);
}

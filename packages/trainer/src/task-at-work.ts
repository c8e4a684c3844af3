import type { AnyPretextTaskRun, Batch, Kept, PretextTaskRun, StepContext, Targets } from '@selfsup/core';
import type { StepGradients } from './step-gradients.ts';
import { ownTensors } from './tensor-record.ts';

/** The batches of one update, one after another. */
export type MicroBatches<B extends Batch> = Iterable<B> | AsyncIterable<B>;

/** The contexts of one update. Internal. */
export interface UpdateContexts {
  /** That of micro-batch i on this rank. */
  readonly at: (microBatch: number) => StepContext;
  /** That of what all ranks compute alike. */
  readonly shared: StepContext;
}

/** A task and its networks, of one form or either. Internal. */
export interface TaskAtWork<R> {
  readonly task: string;
  readonly run: R;
}

/** The gradients of an update with what `afterStep` sees; the caller disposes all of it. Internal. */
export interface UpdateGradients<T extends Targets = Targets> extends StepGradients {
  readonly targets: T;
  readonly kept: Kept;
}

/** The targets of a micro-batch in tensors of their own. Internal. */
export function computeTargets<B extends Batch, T extends Targets>(
  run: Pick<AnyPretextTaskRun<B, T> | PretextTaskRun<B, T>, 'targets'>,
  batch: B,
  context: StepContext,
): T {
  return ownTensors<T>(() => run.targets?.(batch, context) ?? ({} as T));
}

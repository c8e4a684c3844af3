import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Batch, type Gradients, type PretextTaskRun, type StepContext, type Targets } from '@selfsup/core';
import { computeGradients, type StepGradients } from './step-gradients.ts';

/** The batches of one update, one after another. */
export type MicroBatches<B extends Batch> = Iterable<B> | AsyncIterable<B>;

/** The gradients of an update with the last targets; the caller disposes all of it. Internal. */
export interface UpdateGradients<T extends Targets> extends StepGradients {
  readonly targets: T;
}

/** The targets in tensors of their own: a task may return a variable or a tensor of the batch. */
function computeTargets<B extends Batch, T extends Targets>(run: PretextTaskRun<B, T>, batch: B, context: StepContext): T {
  return tf.tidy(() => {
    const targets: Targets = run.targets?.(batch, context) ?? {};
    return Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, tf.clone(target)] as const)) as T;
  });
}

/** Maps tensors to tensors and disposes those it was given. */
function replaceTensors(step: StepGradients, map: (tensor: tf.Tensor, path: string | undefined) => tf.Tensor | null): StepGradients {
  return tf.tidy(() => {
    const summary = map(step.summary, undefined) as tf.Tensor1D;
    const gradients: Gradients = {};
    for (const [path, gradient] of Object.entries(step.gradients)) gradients[path] = gradient && map(gradient, path);
    tf.dispose([step.summary, step.gradients] as tf.TensorContainer);
    return { summary, gradients, metricNames: step.metricNames } as unknown as tf.TensorContainer;
  }) as unknown as StepGradients;
}

/** Adds up two micro-batches and disposes both; a variable may have a gradient in one of them only. */
function addSteps(task: string, sum: StepGradients, next: StepGradients): StepGradients {
  if (sum.metricNames.join() !== next.metricNames.join())
    throw new SelfsupError(
      'SELFSUP_STATE',
      `the metrics of ${task} must be the same for all micro-batches of an update, got [${sum.metricNames.join(', ')}] and [${next.metricNames.join(', ')}]`,
    );
  const missing = Object.keys(next.gradients).filter((path) => sum.gradients[path] === null && next.gradients[path] !== null);
  const added = replaceTensors(sum, (tensor, path) => {
    const other = path === undefined ? next.summary : next.gradients[path]!;
    return other === null ? tf.clone(tensor) : tf.add(tensor, other);
  });
  for (const path of missing) added.gradients[path] = tf.clone(next.gradients[path]!);
  tf.dispose([next.summary, next.gradients] as tf.TensorContainer);
  return added;
}

/**
 * Runs targets and loss of each micro-batch and averages gradients, loss and metrics. Internal.
 *
 * @throws SelfsupError `SELFSUP_BATCH` when there is no batch, `SELFSUP_STATE` when metrics differ, and what `computeGradients` throws; then no tensor stays
 * @remarks The first micro-batch draws from the step's stream, the i-th one from `fold('micro-batch').fold(i)` under it.
 */
export async function accumulateGradients<B extends Batch, T extends Targets>(
  trained: { task: string; run: PretextTaskRun<B, T> },
  batches: MicroBatches<B>,
  context: StepContext,
): Promise<UpdateGradients<T>> {
  const { task, run } = trained;
  let targets: T | undefined;
  let sum: StepGradients | undefined;
  let next: StepGradients | undefined;
  let count = 0;
  try {
    for await (const batch of batches) {
      const micro = count === 0 ? context : { ...context, rng: context.rng.fold('micro-batch').fold(count) };
      tf.dispose(targets ?? {});
      targets = undefined;
      targets = computeTargets(run, batch, micro);
      next = computeGradients(task, run, { batch, targets, context: micro });
      sum = sum ? addSteps(task, sum, next) : next;
      next = undefined;
      count++;
    }
    if (!sum || !targets) throw new SelfsupError('SELFSUP_BATCH', `trainStep: an update of ${task} must have at least one batch, got none`);
    return { ...(count === 1 ? sum : replaceTensors(sum, (tensor) => tf.div(tensor, count))), targets };
  } catch (error) {
    tf.dispose([targets ?? {}, sum?.summary, sum?.gradients, next?.summary, next?.gradients] as tf.TensorContainer);
    throw error;
  }
}

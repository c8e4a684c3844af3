import {
  createRng,
  createStepContext,
  SelfsupError,
  soloCollective,
  type AnyPretextTask,
  type AnyPretextTaskRun,
  type Batch,
  type Collective,
  type Rng,
  type Targets,
} from '@selfsup/core';
import { assertGradients } from './assert-gradients.ts';
import { assertSynchronous } from './assert-synchronous.ts';
import { checkRun, checkTask } from './check-task.ts';
import { encodeRun, restoreRun, type RunState, type SaveOptions } from './checkpoint/run-checkpoint.ts';
import { chain, type GradientTransform, type TransformState } from '@selfsup/optim';
import { learningVariables } from './learning-variables.ts';
import type { MicroBatches } from './task-at-work.ts';
import { runTrainStep, type StepMetrics } from './train-step.ts';

/** Options of {@link createTrainer}. */
export interface TrainerOptions<B extends Batch = Batch, T extends Targets = Targets> {
  /** What to learn from. */
  task: AnyPretextTask<B, T>;
  /** How gradients become updates, such as `sgd(…)`. */
  optimizer: GradientTransform;
  /** How many optimizer updates the run is planned for; an integer ≥ 1. Schedules of the task see it; nothing stops there. */
  totalSteps: number;
  /** The root of all randomness; a safe integer. Ranks of one run share it. */
  seed: number;
  /** The other ranks; default none. */
  collective?: Collective;
  /**
   * Gradient checkpointing: transformer and residual blocks and the stages of `convNet` keep their inputs alone for the gradient, and compute the rest again. Less memory for about one
   * more forward pass, the same bits; default false.
   */
  gradientCheckpointing?: boolean;
  /**
   * Batch normalization takes its statistics over the micro-batch of all ranks, with its exact gradient: ranks then learn what one process with all rows
   * does. Needs a collective with `allGatherSync` and a backend that can be read synchronously; default false: each rank by itself.
   */
  synchronizeNormalization?: boolean;
}

/** A task, its networks and its optimizer, one update at a time. */
export interface Trainer<B extends Batch = Batch, T extends Targets = Targets> {
  /** The task's name. */
  readonly task: string;
  /** The task's networks; the first of `run.encoders` is what is evaluated and exported when nobody says more. */
  readonly run: AnyPretextTaskRun<B, T>;
  /** The optimizer at work, with its slots: for `withAveragedWeights` of `@selfsup/optim`. */
  readonly optimizer: TransformState;
  /** Optimizer updates done so far. */
  readonly step: number;
  /** As given. */
  readonly totalSteps: number;
  /** As given. */
  readonly seed: number;
  /** The root stream of `seed`; the trainer uses `create` and `step` under it, `fit` uses `prepare`. */
  readonly rng: Rng;
  /** As given. */
  readonly collective: Collective;
  /**
   * Makes one update from a batch, or from several micro-batches that come one after another. Batches stay the caller's, who may dispose each when the next is
   * asked for. For a task with `embed` the update is that of one large batch, of all micro-batches and ranks, in the memory of one micro-batch and with a
   * second forward pass; otherwise gradients, loss and metrics are the means over micro-batches and ranks, with the weights that the loss gives. Ranks have
   * equally many micro-batches. `afterStep` comes once, with the rows of all.
   *
   * @throws SelfsupError `SELFSUP_NON_FINITE` when the loss or a gradient is not finite, `SELFSUP_SHAPE` or `SELFSUP_DTYPE` when the loss is not a float32
   * scalar or rows of embeddings, targets or kept tensors do not fit, `SELFSUP_STATE` when the loss depends on no trainable variable, the metrics of
   * micro-batches differ or another call is under way, `SELFSUP_BATCH` when there is no batch; then nothing was updated
   */
  trainStep(batch: B | MicroBatches<B>): Promise<StepMetrics>;
  /**
   * Everything that a later {@link Trainer.restore} needs, as safetensors with a hash of all its content. The same run at the same step gives the same bytes.
   *
   * @throws SelfsupError `SELFSUP_STATE` while a step is under way, `SELFSUP_OPTION` on metadata that the trainer writes itself
   */
  save(options?: SaveOptions): Promise<Uint8Array>;
  /**
   * Goes back to what {@link Trainer.save} returned.
   *
   * @throws SelfsupError `SELFSUP_CHECKPOINT` naming the first thing that does not fit: hash, format, task, contract, seed, the hash of the frozen variables,
   * then a path, type or shape; then nothing was changed. `SELFSUP_STATE` while a step is under way
   */
  restore(bytes: Uint8Array): Promise<void>;
  /** Disposes networks and optimizer. */
  dispose(): void;
}

const isBatch = <B extends Batch>(value: B | MicroBatches<B>): value is B => !(Symbol.iterator in value || Symbol.asyncIterator in value);

/**
 * Builds a task's networks and the optimizer's slots.
 *
 * @param options see {@link TrainerOptions}
 * @returns the trainer; give it to `fit`, or call `trainStep` in a loop of your own
 * @throws SelfsupError `SELFSUP_PLUGIN_API` when the task is not of this contract, `SELFSUP_OPTION` on an option out of its range, `SELFSUP_BACKEND` where tfjs
 * knows no gradients or, with `synchronizeNormalization`, cannot be read synchronously, and then `SELFSUP_COLLECTIVE` when the ranks cannot exchange numbers at once
 * @remarks Step s draws from `ctx.stream(name)`, a function of seed, step, name and the rows at hand, and from nothing else; see `createStepContext`. There is no generator state to save. A variable of `trainable` whose own flag `trainable` is false, as TensorFlow.js has it, stands
 * still: it gets no gradient and has no slots, and checkpoints hold it all the same. All ranks build the same networks, from `fold('create')`. Tasks with `embed` get the exact
 * gradient of the whole batch by gradient caching (Gao et al. 2021, https://arxiv.org/abs/2101.06983).
 * @example
 * ```ts
 * import { sgd } from '@selfsup/optim';
 * import { createTrainer } from '@selfsup/trainer';
 * const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), totalSteps: 100, seed: 0 });
 * const { loss } = await trainer.trainStep({ views: [first, second] });
 * ```
 */
export function createTrainer<B extends Batch, T extends Targets>(options: TrainerOptions<B, T>): Trainer<B, T> {
  const { task, totalSteps, seed, collective = soloCollective, gradientCheckpointing: recompute = false } = options;
  const { synchronizeNormalization = false } = options;
  checkTask(task);
  assertGradients();
  if (synchronizeNormalization) assertSynchronous(collective);
  if (!Number.isSafeInteger(totalSteps) || totalSteps < 1)
    throw new SelfsupError('SELFSUP_OPTION', `createTrainer: \`totalSteps\` must be an integer >= 1, got ${totalSteps}`);
  const rng = createRng(seed);
  const run = task.create({ rng: rng.fold('create'), totalSteps });
  try {
    checkRun(task.name, run);
  } catch (error) {
    run.dispose();
    throw error;
  }
  const optimizer = chain(options.optimizer).init(learningVariables(run.trainable));
  const state: RunState = { task: task.name, seed, totalSteps, run, optimizer, step: 0 };
  let status: 'free' | 'busy' | 'disposed' = 'free';
  const assertFree = (who: string) => {
    if (status !== 'free')
      throw new SelfsupError(
        'SELFSUP_STATE',
        `trainer.${who}: ${status === 'busy' ? 'another call is under way; await it first' : 'the trainer is disposed'}`,
      );
  };
  const exclusively = async <R>(who: string, work: () => Promise<R>): Promise<R> => {
    assertFree(who);
    status = 'busy';
    try {
      return await work();
    } finally {
      status = 'free';
    }
  };
  return {
    task: task.name,
    run,
    optimizer,
    get step() {
      return state.step;
    },
    totalSteps,
    seed,
    rng,
    collective,
    trainStep: (batch) =>
      exclusively('trainStep', async () => {
        const at = { rng, step: state.step, totalSteps, collective, recompute, synchronizeNormalization };
        const contexts = {
          at: (microBatch: number) => createStepContext({ ...at, microBatch }),
          shared: createStepContext({ ...at, shared: true }),
        };
        const metrics = await runTrainStep({ task: task.name, run, optimizer }, isBatch(batch) ? [batch] : batch, contexts);
        state.step++;
        return metrics;
      }),
    save: (options) => exclusively('save', () => encodeRun(state, options)),
    restore: (bytes) => exclusively('restore', () => restoreRun(state, bytes)),
    dispose() {
      if (status === 'disposed') return;
      assertFree('dispose');
      status = 'disposed';
      optimizer.dispose();
      run.dispose();
    },
  };
}

import { soloCollective, type Collective } from './collective.ts';
import { SelfsupError } from './error.ts';
import type { Rng } from './rng.ts';

/** What a task knows at one step. */
export interface StepContext {
  /** How many optimizer updates the run will make. */
  readonly totalSteps: number;
  /** Optimizer updates done so far: 0 at the first. */
  readonly step: number;
  /** False during evaluation: then nothing may be written. */
  readonly training: boolean;
  /** The other ranks. */
  readonly collective: Collective;
  /** Whether networks are to save memory by computing blocks again for the gradient, see `ApplyOptions`; default false. */
  readonly recompute?: boolean;
  /**
   * A stream to draw from, in any phase: a function of seed, step, rank, micro-batch and name alone. A second call with one name gives the same numbers, also in
   * another phase, so different purposes need different names.
   */
  readonly stream: (name: string) => Rng;
}

/** Options of {@link createStepContext}. */
export interface StepContextOptions {
  /** The root stream of the run's seed. */
  rng: Rng;
  /** Optimizer updates done so far, ≥ 0. */
  step: number;
  /** How many the run will make, ≥ 1. */
  totalSteps: number;
  /** Default true. */
  training?: boolean;
  /** Default {@link soloCollective}. */
  collective?: Collective;
  /** As in {@link StepContext}; default false. */
  recompute?: boolean;
  /** The number of the batch within its update, ≥ 0; default 0. */
  microBatch?: number;
  /**
   * True for what all ranks compute alike: the loss of a task with `embed`, `transformGradients` and `afterStep`, which draw from the streams of rank 0's first
   * micro-batch. Default false.
   */
  shared?: boolean;
}

/**
 * Makes the context of a step, with the streams that the trainer, the conformance kit and tests use.
 *
 * @param options see {@link StepContextOptions}
 * @returns the context; `stream(name)` is `rng.fold('step').fold(step).fold(rank).fold(name)`, for micro-batch i ≥ 1 with `.fold('micro-batch').fold(i)` before
 * the name
 * @throws SelfsupError `SELFSUP_OPTION` when `step`, `totalSteps` or `microBatch` is out of range; from `stream` when the name is not a non-empty string
 * @example
 * ```ts
 * import { createRng, createStepContext, drawUniform } from '@selfsup/core';
 * const context = createStepContext({ rng: createRng(0), step: 3, totalSteps: 100 });
 * console.log(drawUniform(context.stream('masks'), 2));
 * ```
 */
export function createStepContext(options: StepContextOptions): StepContext {
  const {
    rng,
    step,
    totalSteps,
    training = true,
    collective = soloCollective,
    microBatch = 0,
    shared = false,
    recompute = false,
  } = options;
  for (const [name, value, min] of [
    ['step', step, 0],
    ['totalSteps', totalSteps, 1],
    ['microBatch', microBatch, 0],
  ] as const)
    if (!Number.isSafeInteger(value) || value < min)
      throw new SelfsupError('SELFSUP_OPTION', `createStepContext: \`${name}\` must be an integer >= ${min}, got ${value}`);
  const stepRng = rng
    .fold('step')
    .fold(step)
    .fold(shared ? 0 : collective.rank);
  const own = shared || microBatch === 0 ? stepRng : stepRng.fold('micro-batch').fold(microBatch);
  return {
    totalSteps,
    step,
    training,
    collective,
    ...(recompute && { recompute }),
    stream(name) {
      if (typeof name !== 'string' || name === '')
        throw new SelfsupError('SELFSUP_OPTION', `ctx.stream: \`name\` must be a non-empty string, got ${JSON.stringify(name)}`);
      return own.fold(name);
    },
  };
}

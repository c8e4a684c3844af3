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
  /** The ranks over whose rows networks are to take the statistics of batches, see `ApplyOptions`; none where it is missing. */
  readonly synchronize?: Collective | undefined;
  /**
   * A stream to draw from, in any phase: a function of seed, step, name and the rows that are at hand. What is drawn for each row, `drawUniform(stream, n)` or
   * `stream.row(i, n)`, does not depend on how many ranks and micro-batches the batch is divided into, see {@link Rng}. A second call with one name gives the same
   * numbers, also in another phase, so different purposes need different names.
   */
  readonly stream: (name: string) => Rng;
}

/**
 * The stream of one micro-batch on one rank, in a step. Micro-batch i of rank r is part i · worldSize + r of the update's batch: so a loader's blocks lie, and so
 * the rows of all are put together.
 */
export function partOfStep(
  rng: Rng,
  {
    kind,
    step,
    microBatch,
    collective: { rank, worldSize },
  }: {
    kind: 'step' | 'prepare';
    step: number;
    microBatch: number;
    collective: Pick<Collective, 'rank' | 'worldSize'>;
  },
): Rng {
  return rng
    .fold(kind)
    .fold(step)
    .fold(0)
    .ofPart(microBatch * worldSize + rank);
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
  /** Whether networks take the statistics of batches over `collective`, if it has several ranks; never with `shared`. Default false. */
  synchronizeNormalization?: boolean;
  /** The number of the batch within its update, ≥ 0; default 0. */
  microBatch?: number;
  /**
   * True for what all ranks compute alike, on the rows of all: the loss of a task with `embed`, `transformGradients` and `afterStep`. Default false.
   */
  shared?: boolean;
}

/**
 * Makes the context of a step, with the streams that the trainer, the conformance kit and tests use.
 *
 * @param options see {@link StepContextOptions}
 * @returns the context; `stream(name)` is `rng.fold('step').fold(step).fold(0).fold(name)`, for part i · worldSize + rank of the batch in micro-batch i
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
    synchronizeNormalization = false,
  } = options;
  for (const [name, value, min] of [
    ['step', step, 0],
    ['totalSteps', totalSteps, 1],
    ['microBatch', microBatch, 0],
  ] as const)
    if (!Number.isSafeInteger(value) || value < min)
      throw new SelfsupError('SELFSUP_OPTION', `createStepContext: \`${name}\` must be an integer >= ${min}, got ${value}`);
  const own = partOfStep(rng, {
    kind: 'step',
    step,
    microBatch: shared ? 0 : microBatch,
    collective: shared ? soloCollective : collective,
  });
  return {
    totalSteps,
    step,
    training,
    collective,
    ...(recompute && { recompute }),
    ...(synchronizeNormalization && !shared && collective.worldSize > 1 && { synchronize: collective }),
    stream(name) {
      if (typeof name !== 'string' || name === '')
        throw new SelfsupError('SELFSUP_OPTION', `ctx.stream: \`name\` must be a non-empty string, got ${JSON.stringify(name)}`);
      return own.fold(name);
    },
  };
}

import type { AnyPretextTask, Batch, Targets } from '@selfsup/core';

/** The checks that a task may be excused from. */
export type SkippableCheck = 'ranks' | 'differences' | 'rows' | 'accumulate';

/** Options of `conformanceChecks` and `testPretextTask`. */
export interface ConformanceOptions<B extends Batch = Batch, T extends Targets = Targets> {
  /** The task, with networks as small as can be: some hundred passes are made. */
  task: AnyPretextTask<B, T>;
  /** Makes the batch of a step: fresh tensors at each call, of the same values for the same step. The kit disposes them. */
  batchAt: (step: number) => B;
  /** Of plain SGD; > 0, default 0.01. */
  learningRate?: number;
  /** How many steps are made; an integer ≥ 4, default 6. The run is saved after step 3. */
  steps?: number;
  /** Which buffers are normalization statistics, which a forward pass may write; default: those whose path ends in `mean`, `variance` or `var`, also with `moving` or `running` before it. */
  statistics?: RegExp;
  /** Trainable variables that `afterStep` writes on purpose, by path, such as normalized prototypes; default none. */
  afterStepWrites?: readonly string[];
  /** Cuts the part of a rank or micro-batch out of a batch, in new tensors; default: 0 has the first half of the rows of each tensor, 1 the other half. */
  split?: (batch: B, part: number) => B;
  /** How many weights of each variable are compared with central differences, beside one step along the gradient; default 2. */
  gradientSamples?: number;
  /** The greatest error of a gradient, as a part of the variable's greatest gradient; default 0.02. */
  gradientTolerance?: number;
  /** The tfjs backends to run on; default all that are registered and start. */
  backends?: readonly string[];
  /**
   * Checks that this task cannot pass by its nature, with the reason: `{ ranks: 'every rank draws masks of its own' }`. What excuses from `ranks` excuses from
   * `accumulate`, too.
   */
  skip?: Partial<Record<SkippableCheck, string>>;
}

/** Options with their defaults. Internal. */
export type Subject = Required<Omit<ConformanceOptions, 'backends'>> & Pick<ConformanceOptions, 'backends'>;

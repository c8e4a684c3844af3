import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Batch, Embeddings, Kept, Targets } from './batch.ts';
import type { Module, VariableMap } from './module.ts';
import type { Rng } from './rng.ts';
import type { StepContext } from './step-context.ts';

/** What a task knows when it builds its networks. */
export interface CreateContext {
  /** The run's root stream. */
  readonly rng: Rng;
  /** How many optimizer updates the run will make. */
  readonly totalSteps: number;
}

/** A loss with what is worth plotting beside it, and what must outlive the tape. */
export interface LossResult<K extends Kept = Kept> {
  /** The finite float32 scalar to minimize. */
  readonly loss: Scalar;
  /** Scalars by name, such as `accuracy`. */
  readonly metrics?: Readonly<Record<string, Scalar>>;
  /**
   * How much this micro-batch counts beside others, such as the number of its hidden tokens: loss, metrics and gradients are averaged with these weights over
   * micro-batches and ranks. A float32 scalar ≥ 0; default: each counts the same. A task with `embed` has none.
   */
  readonly weight?: Scalar;
  /** Tensors for `afterStep`, such as what a queue gets; the trainer takes them over and disposes them. */
  readonly keep?: K;
}

/** What `afterStep` sees of an update. */
export interface StepOutcome<T extends Targets = Targets, K extends Kept = Kept> {
  /** The targets of all micro-batches and ranks, along axis 0. */
  readonly targets: T;
  /** What the loss named in `keep`: with `embed` once for the whole update, otherwise that of all micro-batches and ranks, along axis 0. */
  readonly kept: K;
}

/** Gradients by path; null where a variable is frozen at this step. */
export type Gradients = Record<string, Tensor | null>;

/** What both forms of a {@link PretextTaskRun} have. */
export interface RunBase<B extends Batch = Batch, T extends Targets = Targets, K extends Kept = Kept> {
  /** What is kept after pretraining, by name; the first is the one that is evaluated and exported when nobody says more. */
  readonly encoders: Readonly<Record<string, Module>>;
  /** Differentiated and optimized. */
  readonly trainable: VariableMap;
  /** Everything else that must survive a restart: teacher, queue, center, normalization statistics. */
  readonly buffers: VariableMap;
  /** What is needed and never changes, such as the teacher of a distillation. Not in checkpoints; a hash of the content is. */
  readonly frozen?: VariableMap;
  /** 1. Without a tape: teacher forward, masks, corruption. */
  targets?(batch: B, ctx: StepContext): T;
  /** 3. Changes gradients before the optimizer sees them; null freezes. */
  transformGradients?(grads: Gradients, ctx: StepContext): Gradients;
  /** 4. Once per update; the only writer of `buffers`: EMA, enqueue, centering. */
  afterStep?(outcome: StepOutcome<T, K>, ctx: StepContext): void;
  /** Disposes everything the run made. */
  dispose(): void;
}

/** A run whose loss is a mean over its samples: gradients of micro-batches and ranks are averaged, with the weights that the loss gives. */
export interface BatchRun<B extends Batch = Batch, T extends Targets = Targets, K extends Kept = Kept> extends RunBase<B, T, K> {
  /** This form has none. */
  readonly embed?: undefined;
  /** 2. Taped and pure, on one micro-batch. */
  loss(batch: B, targets: T, ctx: StepContext): LossResult<K>;
}

/** A run whose samples meet in the loss, as in contrastive learning: the loss sees the rows of all micro-batches and ranks. */
export interface EmbeddingRun<
  B extends Batch = Batch,
  T extends Targets = Targets,
  E extends Embeddings = Embeddings,
  K extends Kept = Kept,
> extends RunBase<B, T, K> {
  /** 2a. Taped; what each sample of one micro-batch says on its own. May run twice in an update, on the same streams. */
  embed(batch: B, targets: T, ctx: StepContext): E;
  /**
   * 2b. Taped and pure, once per update, on the rows of all ranks (in rank order) of all micro-batches (in their order). The loss and its gradient must depend
   * on trainable variables through the embeddings, or directly, as on prototypes.
   */
  loss(embeddings: E, targets: T, ctx: StepContext): LossResult<K>;
}

/**
 * A task with its networks: what the trainer drives, in the order targets → (embed →) loss → transformGradients → (optimizer) → afterStep.
 *
 * @remarks `E` tells the two forms apart: {@link EmbeddingRun} for a type of embeddings, {@link BatchRun} for undefined, both for a union of the two.
 */
export type PretextTaskRun<
  B extends Batch = Batch,
  T extends Targets = Targets,
  E extends Embeddings | undefined = undefined,
  K extends Kept = Kept,
> = E extends Embeddings ? EmbeddingRun<B, T, E, K> : BatchRun<B, T, K>;

/**
 * A pretext task: the plugin unit of selfsup.
 *
 * @remarks `B`: the batch. `T`: what `targets` gives. `E`: what `embed` gives; undefined (default) for a task without it. `K`: what the loss keeps for `afterStep`.
 */
export interface PretextTask<
  B extends Batch = Batch,
  T extends Targets = Targets,
  E extends Embeddings | undefined = undefined,
  K extends Kept = Kept,
> {
  /** The version of this contract. */
  readonly api: 1;
  /** Kebab-case, such as `simclr`. */
  readonly name: string;
  /** Builds the networks with fresh weights. */
  create(ctx: CreateContext): PretextTaskRun<B, T, E, K>;
}

/** A task of either form. */
export type AnyPretextTask<B extends Batch = Batch, T extends Targets = Targets> = PretextTask<B, T, Embeddings | undefined>;

/** A run of either form; `run.embed` tells which. */
export type AnyPretextTaskRun<B extends Batch = Batch, T extends Targets = Targets> = PretextTaskRun<B, T, Embeddings | undefined>;

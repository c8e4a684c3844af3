import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Batch, Targets } from './batch.ts';
import type { Collective } from './collective.ts';
import type { Module, VariableMap } from './module.ts';
import type { Rng } from './rng.ts';

/** What a task knows when it builds its networks. */
export interface CreateContext {
  /** The run's root stream. */
  readonly rng: Rng;
  /** How many optimizer updates the run will make. */
  readonly totalSteps: number;
}

/** What a task knows at one step. */
export interface StepContext extends CreateContext {
  /** Optimizer updates done so far: 0 at the first. */
  readonly step: number;
  /** False during evaluation: then nothing may be written. */
  readonly training: boolean;
  /** The other ranks. */
  readonly collective: Collective;
}

/** A loss with what is worth plotting beside it. */
export interface LossResult {
  /** The finite float32 scalar to minimize. */
  readonly loss: Scalar;
  /** Scalars by name, such as `accuracy`. */
  readonly metrics?: Readonly<Record<string, Scalar>>;
}

/** Gradients by path; null where a variable is frozen at this step. */
export type Gradients = Record<string, Tensor | null>;

/** A task with its networks: what the trainer drives, in the order targets → loss → transformGradients → (optimizer) → afterStep. */
export interface PretextTaskRun<B extends Batch = Batch, T extends Targets = Targets> {
  /** What is kept after pretraining. */
  readonly backbone: Module;
  /** Differentiated and optimized. */
  readonly trainable: VariableMap;
  /** Everything else that must survive a restart: teacher, queue, center, normalization statistics. */
  readonly buffers: VariableMap;
  /** 1. Without a tape: teacher forward, masks, corruption; the only user of `ctx.rng`. */
  targets?(batch: B, ctx: StepContext): T;
  /** 2. Taped and pure. */
  loss(batch: B, targets: T, ctx: StepContext): LossResult;
  /** 3. Changes gradients before the optimizer sees them; null freezes. */
  transformGradients?(grads: Gradients, ctx: StepContext): Gradients;
  /** 4. The only writer of `buffers`: EMA, enqueue, centering. */
  afterStep?(targets: T, ctx: StepContext): void;
  /** Disposes everything the run made. */
  dispose(): void;
}

/** A pretext task: the plugin unit of selfsup. */
export interface PretextTask<B extends Batch = Batch, T extends Targets = Targets> {
  /** The version of this contract. */
  readonly api: 1;
  /** Kebab-case, such as `simclr`. */
  readonly name: string;
  /** Builds the networks with fresh weights. */
  create(ctx: CreateContext): PretextTaskRun<B, T>;
}

import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Collective } from './collective.ts';
import type { Rng } from './rng.ts';

/** Checkpoint path, such as `backbone/conv1/kernel`, to variable. The paths are ours: tfjs renames variables. */
export type VariableMap = Readonly<Record<string, Variable>>;

/** How a module is to run: with batch statistics and dropout, or as at inference. */
export interface ApplyOptions {
  /** True while training: normalization uses the batch's statistics and updates its running ones. */
  training: boolean;
  /** False: in training mode, too, running statistics are left as they are; for a pass that must not count. Default true. */
  updateStatistics?: boolean;
  /** True: blocks keep nothing of what they compute for the gradient but their input, and compute it again, see {@link recompute}. Default false. */
  recompute?: boolean;
  /**
   * The ranks over whose rows normalization takes its statistics while training, see `synchronizedBatchNorm`; default: this batch alone. All of them must
   * run the same network, as often and in the same order.
   */
  synchronize?: Collective | undefined;
  /** The stream of modules that draw (dropout, stochastic depth). */
  rng?: Rng;
  /** False: in training mode, too, nothing is dropped (dropout, stochastic depth); for a teacher. Default true. */
  drops?: boolean;
}

/**
 * A network or a part of one: variables by path and a function of one tensor.
 *
 * @remarks `apply` may be called under a gradient tape and inside `tf.tidy`; it returns a tensor that the caller owns.
 */
export interface Module<I extends Tensor = Tensor, O extends Tensor = Tensor> {
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** What must survive a restart and has no gradient, such as running statistics. */
  readonly buffers: VariableMap;
  /** Runs the network on one batch. */
  apply(input: I, options: ApplyOptions): O;
  /** Disposes all variables. */
  dispose(): void;
}

/** Makes a module with fresh weights; called twice for an online and a target network, whose weights are then copied. */
export type ModuleFactory<I extends Tensor = Tensor, O extends Tensor = Tensor> = (rng: Rng) => Module<I, O>;

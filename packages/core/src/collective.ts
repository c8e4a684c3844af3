import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What the ranks of a data-parallel run say to each other; with `worldSize` 1 everything is the identity.
 *
 * @remarks A method may return a promise: callers await it, which they can where no gradient tape and no `tf.tidy` is open. A task seldom needs it: what
 * `embed`, `targets` and `keep` give is gathered by the trainer.
 */
export interface Collective {
  /** This process's number, 0 … worldSize − 1. */
  readonly rank: number;
  /** How many processes train together. */
  readonly worldSize: number;
  /**
   * Concatenates every rank's rows along axis 0, in rank order; ranks may have different numbers of rows. Where it answers at once it is differentiable:
   * backward is this rank's slice of the summed gradient.
   */
  allGather<T extends Tensor>(x: T): T | Promise<T>;
  /**
   * As {@link Collective.allGather}, at once, with or without a tape: what `synchronizedBatchNorm` needs. Where it is missing, ranks cannot share the
   * statistics of batches.
   */
  allGatherSync?<T extends Tensor>(x: T): T;
  /** Replaces the numbers by their mean over the ranks. */
  allReduceMean(x: Float32Array): void | Promise<void>;
  /**
   * As {@link Collective.allReduceMean} on several arrays as if they were one, where they lie, such as the memory of a backend (see `memoryOf`). Where it is
   * missing, callers put the numbers into one array.
   *
   * @param arrays is called whenever numbers are read or written, and gives arrays of the same lengths each time; they need not outlive the turn of the event loop
   */
  allReduceMeanEach?(arrays: () => readonly Float32Array[]): void | Promise<void>;
  /** Replaces the numbers by those of rank `root` (default 0). */
  broadcast(x: Float32Array, root?: number): void | Promise<void>;
  /** Returns once every rank has called it. */
  barrier(): void | Promise<void>;
}

/** The collective of a run of one process. */
export const soloCollective: Collective = {
  rank: 0,
  worldSize: 1,
  allGather: (x) => x,
  allGatherSync: (x) => x,
  allReduceMean: () => undefined,
  broadcast: () => undefined,
  barrier: () => undefined,
};

import type { StepMetrics } from './train-step.ts';

/** Where the time went, in seconds. */
export interface Timings {
  /** Waiting for the source. */
  readonly reading: number;
  /** Making the batch: augmentation. */
  readonly preparing: number;
  /** The train step. */
  readonly training: number;
}

/** What is known after a step. */
export interface StepReport extends StepMetrics {
  /** Passes over the data begun before this step's one: 0 in the first epoch. */
  readonly epoch: number;
  /** Of this step. */
  readonly seconds: Timings;
}

/** What is known after a pass over the data. */
export interface EpochReport {
  /** 0 for the first. */
  readonly epoch: number;
  /** Optimizer updates done so far. */
  readonly step: number;
  /** The mean loss over the epoch's steps in this process (a resumed epoch begins in the middle). */
  readonly loss: number;
  /** The mean of each metric over the same steps. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Over the same steps. */
  readonly seconds: Timings;
}

/** What `fit` reports to; each may return a promise, which is awaited. */
export interface FitCallbacks<Result> {
  /** Before the first step. `resumed` tells that the trainer was restored or has been trained before. */
  onStart?(start: {
    readonly step: number;
    readonly epoch: number;
    readonly stepsPerEpoch: number;
    readonly resumed: boolean;
  }): void | Promise<void>;
  /** After every step. */
  onStep?(report: StepReport): void | Promise<void>;
  /** After every whole epoch and before its checkpoint: the place for an evaluation. */
  onEpochEnd?(report: EpochReport): void | Promise<void>;
  /** After a checkpoint is safely on disk. */
  onCheckpoint?(checkpoint: { readonly path: string; readonly step: number; readonly bytes: number }): void | Promise<void>;
  /** After the last step and the last checkpoint, not after an error. */
  onEnd?(result: Result): void | Promise<void>;
}

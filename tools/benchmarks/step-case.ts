import type { TrainerOptions } from '@selfsup/trainer';

/** One training step to be measured: built once, run many times. */
export interface StepCase {
  /** The name of the case, such as `simclr`. */
  readonly name: string;
  /** What the step is, in words. */
  readonly description: string;
  /** What is counted: images or tokens. */
  readonly unit: string;
  /** How many of them one step takes in. */
  readonly perStep: number;
  /** The PyTorch program that does the same work: its file and its arguments for this many steps and threads. */
  readonly peer: (steps: number, threads: number) => { readonly file: string; readonly args: readonly string[] };
  /** Makes the next batch, which is not timed, and runs one step on it: the loss and how long the step took. */
  readonly run: () => Promise<{ readonly loss: number; readonly milliseconds: number; readonly cpuMilliseconds: number }>;
  /** Disposes everything. */
  readonly dispose: () => void;
}

/** What of a trainer may be another in a measurement. */
export type StepOptions = Pick<TrainerOptions, 'gradientCheckpointing' | 'collective' | 'synchronizeNormalization'>;

/** Makes a case for this batch size, that of this rank. */
export type MakeStepCase = (batch: number, options?: StepOptions) => StepCase;

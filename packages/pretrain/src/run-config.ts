import type { Schedule } from '@selfsup/core';
import type { ViewsTransform } from '@selfsup/augment';
import type { GradientTransform } from '@selfsup/optim';
import type { ViewsContext } from './image/image-views.ts';
import type { EncoderRecipe } from './encoder-recipe.ts';
import type { Plugin } from './plugin.ts';
import type { GivenSettings, OptimizerName } from './settings.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';

/** What a config's `optimizer` is told about the run. */
export interface OptimizerContext {
  /** The run's learning rate: warm-up, then its schedule. */
  readonly learningRate: Schedule;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Updates per epoch. */
  readonly stepsPerEpoch: number;
}

/** Builds the optimizer of a run. */
export type OptimizerBuilder = (context: OptimizerContext) => GradientTransform;

/** How a session runs, without influence on what it computes. */
export interface SessionOptions {
  /** The backend; default `auto`: the fastest that proves itself. */
  readonly backend?: 'auto' | 'wasm' | 'cpu' | undefined;
  /** Continue the run. */
  readonly resume?: boolean | undefined;
  /** Replace a run that is there. */
  readonly overwrite?: boolean | undefined;
  /** Stop training after so many seconds. */
  readonly maxSeconds?: number | undefined;
  /** Epochs between two probes; 0: only before and after training. Default a fifth of the run. */
  readonly probeEvery?: number | undefined;
  /** Updates between two checkpoints, beside the one after each epoch. */
  readonly checkpointEvery?: number | undefined;
}

/** The names of the fields of {@link SessionOptions}. */
export const sessionOptionNames = ['backend', 'resume', 'overwrite', 'maxSeconds', 'probeEvery', 'checkpointEvery'] as const;

/**
 * A run as its user writes it: settings, options of the modality under their own names (`imageSize`, `length`, …), and what only code can express.
 *
 * @remarks The option schemas check everything, with a suggestion for a mistyped name.
 */
export type RunConfig = Omit<GivenSettings, 'task' | 'encoder' | 'optimizer'> &
  SessionOptions & {
    /** What to learn: the name of a task, or a recipe of your own. */
    readonly task?: string | AnyTaskRecipe | undefined;
    /** The name of an encoder, or a recipe of your own; default the first that fits the task. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each encoder knows its own options
    readonly encoder?: string | EncoderRecipe<any, any> | undefined;
    /** What to learn from: a path, `shapes`, or an object in memory such as `{ images, shape }` or `{ texts }`. */
    readonly data?: unknown;
    /** Packages or objects that add tasks, encoders, modalities or data sets. */
    readonly plugins?: readonly Plugin[] | undefined;
    /** The optimizer: a name, or a function that builds it; default that of the task. */
    readonly optimizer?: OptimizerName | OptimizerBuilder | undefined;
    /** Images: the augmentation, large views first; default the published recipe of the task. It must normalize with mean and std. */
    readonly views?: ((context: ViewsContext) => ViewsTransform) | undefined;
    /** Any other function or option that the modality knows. */
    readonly [option: string]: unknown;
  };

/**
 * Gives a config its type; it returns what it is given.
 *
 * @param config see {@link RunConfig}; flags of the command line override it
 * @returns the same object
 * @example
 * ```ts
 * import { defineRun } from '@selfsup/pretrain';
 * export default defineRun({ task: 'simclr', data: 'shapes', encoder: 'conv-net', epochs: 10, batchSize: 128, out: 'runs/shapes' });
 * ```
 */
export function defineRun(config: RunConfig): RunConfig {
  return config;
}

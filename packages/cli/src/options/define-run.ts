import type * as tf from '@tensorflow/tfjs-core';
import type { ViewsTransform } from '@selfsup/augment';
import type { ModuleFactory, Schedule } from '@selfsup/core';
import type { GradientTransform } from '@selfsup/optim';
import type { GivenTextSettings } from '../text/text-settings.ts';
import type { OptimizerName } from '../training/optimizers.ts';
import type { GivenSettings } from './run-settings.ts';

/** What a config's `views` is told about the images. */
export interface ViewsContext {
  /** Height and width. */
  readonly size: number;
  /** Per channel, over the training images in [0, 1]; of clips for one frame after another. */
  readonly mean: readonly number[];
  /** Per channel, over the training images in [0, 1]. */
  readonly std: readonly number[];
  /** 1 (gray) or 3 (RGB); of clips so many for each frame. */
  readonly channels: number;
  /** What the sides of all views must be multiples of: the side of the patches of a Vision Transformer; default 1. */
  readonly patchSize?: number;
}

/** What a config's `optimizer` is told about the run. */
export interface OptimizerContext {
  /** The run's learning rate: warm-up, then cosine. */
  readonly learningRate: Schedule;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Updates per epoch. */
  readonly stepsPerEpoch: number;
}

/** How a command runs, without influence on what it computes. */
export interface SessionOptions {
  /** The backend; default `auto`: the fastest that works. */
  readonly backend?: 'auto' | 'wasm' | 'cpu' | undefined;
  /** The folder of the run; default `runs/<task>-<data>-<encoder>`. */
  readonly out?: string | undefined;
  /** Continue the run in `out`. */
  readonly resume?: boolean | undefined;
  /** Replace the run in `out`. */
  readonly overwrite?: boolean | undefined;
  /** Stop training after so many seconds. */
  readonly maxSeconds?: number | undefined;
  /** Epochs between two kNN probes, or measurements on held-out text; 0: only before and after training. Default a fifth of the run, on text 1. */
  readonly knnEvery?: number | undefined;
  /** Updates between two checkpoints, beside the one after each epoch. */
  readonly checkpointEvery?: number | undefined;
  /** False: no report.html. */
  readonly report?: boolean | undefined;
}

/** Builds the optimizer of a run. */
export type OptimizerBuilder = (context: OptimizerContext) => GradientTransform;

/** What a `selfsup.config.ts` exports: any flag of `selfsup train` by its camelCase name, and functions that no flag can express. */
export type RunConfig = Omit<GivenSettings, 'optimizer'> &
  GivenTextSettings &
  SessionOptions & {
    /** The augmentation, large views first; default the published recipe of the task, or that of `recipe`. It must normalize with mean and std. */
    readonly views?: (context: ViewsContext) => ViewsTransform;
    /** The optimizer: a name, or a function that builds it; default that of the task, with the run's learning rate, momentum and weight decay. */
    readonly optimizer?: OptimizerName | OptimizerBuilder | undefined;
    /** The projection head; default that of the task. */
    readonly projectionHead?: (context: { readonly inputDim: number }) => ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  };

/** The settings of a config, without its functions. */
export function settingsOf({ optimizer, ...config }: RunConfig): GivenSettings {
  return typeof optimizer === 'string' ? { ...config, optimizer } : config;
}

/** What builds the optimizer, where a config has a function for it. */
export function optimizerBuilder({ optimizer }: Pick<RunConfig, 'optimizer'>): OptimizerBuilder | undefined {
  return typeof optimizer === 'function' ? optimizer : undefined;
}

/**
 * Gives a config its type; it returns what it is given.
 *
 * @param config see {@link RunConfig}; flags of the command line override it
 * @returns the same object
 * @example
 * ```ts
 * import { defineRun } from 'selfsup';
 * export default defineRun({ task: 'simclr', data: 'shapes', encoder: 'conv-net', epochs: 10, batchSize: 128, out: 'runs/shapes' });
 * ```
 */
export function defineRun(config: RunConfig): RunConfig {
  return config;
}

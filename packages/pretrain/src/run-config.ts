import type { Schedule } from '@selfsup/core';
import type { GradientTransform } from '@selfsup/optim';
import { z } from 'zod';
import type { ViewsFunction } from './image/image-views.ts';
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

/** How a session runs, without influence on what it computes: the one source of flags, checks and types. */
export const sessionSchema = z.strictObject({
  backend: z
    .string()
    .optional()
    .describe(
      'what computes: auto, tensorflow, webgpu, wasm, webgl, cpu, or the backend of a plugin; default auto: the fastest that proves itself',
    ),
  threads: z
    .union([z.literal('auto'), z.int().min(1).max(256)])
    .optional()
    .describe('how many threads compute on wasm or TensorFlow; default auto: the physical cores that the process may use'),
  wideVectors: z
    .union([z.literal('auto'), z.boolean()])
    .optional()
    .describe(
      'vectors of 256 bits on wasm, by an experimental flag of V8 for the whole process (Node 24 and newer on x64); auto: where a short trial gains. Default auto for the command, false for pretrain',
    ),
  gradientCheckpointing: z
    .boolean()
    .optional()
    .describe(
      'layers of conv-net, residual and transformer blocks are computed again for the gradient instead of being kept: less memory, about 25 to 40 % more time, the same bits',
    ),
  onlineProbe: z
    .boolean()
    .optional()
    .describe(
      'where there are labels, a linear classifier learns beside the run on the features of its training samples; shown in progress, metrics and report, it changes no bit of the run',
    ),
  resume: z.boolean().optional().describe('continue the run from its checkpoint'),
  overwrite: z.boolean().optional().describe('replace a run that is there'),
  maxSeconds: z.number().gt(0).optional().describe('stop training after so many seconds; the checkpoint is written all the same'),
  probeEvery: z
    .int()
    .min(0)
    .optional()
    .describe('epochs between two measurements, 0: only before and after training; default a fifth of the run'),
  checkpointEvery: z.int().min(1).optional().describe('updates between two checkpoints, beside the one after each epoch'),
});

/** How a session runs: `backend`, `threads`, `wideVectors`, `gradientCheckpointing`, `onlineProbe`, `resume`, `overwrite`, `maxSeconds`, `probeEvery`, `checkpointEvery`; see {@link sessionSchema}. */
export type SessionOptions = Readonly<z.output<typeof sessionSchema>>;

/** The names of the fields of {@link SessionOptions}. */
export const sessionOptionNames = Object.keys(sessionSchema.shape) as (keyof SessionOptions)[];

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
    /** What adds tasks, encoders, modalities or data sets. The command also takes the names of packages and the paths of modules, and loads them. */
    readonly plugins?: readonly (Plugin | string)[] | undefined;
    /**
     * Starts with the weights of an encoder that there is: the bytes of `encoder.safetensors` or `checkpoint.safetensors` of a run. The command takes the folder
     * of the run. Statistics of pictures and the tokenizer come from there, too; default fresh weights.
     */
    readonly init?: Uint8Array | string | undefined;
    /**
     * The trained encoder that the task `distillation` learns from, of any kind: bytes as those of `init`. The command takes the folder of its run. It is kept as
     * `teacher.safetensors` in the run.
     */
    readonly teacher?: Uint8Array | string | undefined;
    /**
     * How long the run may take, in minutes, from its beginning to the end of its evaluation: what is not given is chosen for the data and the time, and
     * `selfsup.config.json` in the run makes the same run again. Default: the usual settings, as long as they take.
     */
    readonly minutes?: number | undefined;
    /** The optimizer: a name, or a function that builds it; default that of the task. */
    readonly optimizer?: OptimizerName | OptimizerBuilder | undefined;
    /** Any function or option that the modality knows, such as `views`. */
    readonly [option: string]: unknown;
  };

/** The functions of a config for images, which {@link defineRun} gives their types; those of other modalities have types of their own. */
export interface ImageRunFunctions {
  /** The augmentation, large views first; default the published recipe of the task. It must normalize with mean and std. */
  readonly views?: ViewsFunction | undefined;
}

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
export function defineRun(config: RunConfig & ImageRunFunctions): RunConfig;
// eslint-disable-next-line @typescript-eslint/unified-signatures -- in a union the views of images would have no types of their own
export function defineRun(config: RunConfig): RunConfig;
export function defineRun(config: RunConfig): RunConfig {
  return config;
}

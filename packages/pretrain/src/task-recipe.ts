import type { AnyPretextTask } from '@selfsup/core';
import type { CollapseMonitorOptions } from '@selfsup/evaluate';
import type { AnyEncoderFactory, InputDescription, StartContext } from './encoder-recipe.ts';
import type { OptionSchema } from './option-schema.ts';
import type { GivenSettings, OptimizerName, Settings } from './settings.ts';

/** A trained encoder that a task learns from. */
export interface Teacher {
  /** Makes it with its weights, the same each time. */
  readonly factory: AnyEncoderFactory;
  /** What it takes, which may be other than what the run's encoder takes. */
  readonly input: InputDescription;
}

/** What a task is built from, whatever it learns from; each modality adds its own parts. */
export interface TaskParts {
  /** The encoder that is pretrained. */
  readonly backbone: AnyEncoderFactory;
  /** The settings of the run. */
  readonly settings: Settings;
  /** Updates of an epoch. */
  readonly stepsPerEpoch: number;
  /** Updates of the run. */
  readonly totalSteps: number;
  /** The trained encoder that it learns from; only where its recipe has `teacher`. */
  readonly teacher?: Teacher | undefined;
  /** What `learn` of the recipe gave; undefined where the run goes on from a checkpoint. */
  readonly learned?: unknown;
}

/** What {@link TaskRecipe.learn} learns from, without labels. */
export interface LearnContext<O extends object = object> extends Omit<StartContext, 'files'> {
  /** The encoder that is pretrained. */
  readonly backbone: AnyEncoderFactory;
  /** Options of the task, complete. */
  readonly options: O;
  /** The trained encoder that the user gave. */
  readonly teacher?: Teacher | undefined;
}

/** When a task is the one to take, for people who choose; a sentence each. */
export interface TaskAdvice {
  /** What speaks for it, such as `Batches of 256 and more fit into memory.` */
  readonly take: string;
  /** When another one is better, and which. */
  readonly leave: string;
}

/**
 * How a task is trained when nobody says more. `P` is what the modality gives to build it from, `O` the task's options.
 *
 * @remarks A file whose default export is one can be trained with `selfsup train --task ./my-task.ts`; a package that exports a plugin with
 * `--task selfsup-task-x`.
 */
export interface TaskRecipe<P extends TaskParts = TaskParts, O extends object = object> {
  /** The version of this contract. */
  readonly api: 1;
  /** Kebab-case, such as `moco-v3`. */
  readonly name: string;
  /** As people write it, such as `MoCo v3`. */
  readonly title: string;
  /** What people also call it, such as `mlm`: not names to use, but they lead to the right one in messages. */
  readonly aliases?: readonly string[];
  /** The address of the paper. */
  readonly paper?: string;
  /** One sentence: what is learned from what. */
  readonly summary?: string;
  /** When to take it and when not; shown by `-h` and in the docs. */
  readonly advice?: TaskAdvice;
  /** The modality whose samples it learns from, such as `image`. */
  readonly modality: string;
  /** What `taskOptions` may hold: the one source of flags, types, checks, run.json, `-h` and docs. */
  readonly options: OptionSchema<O>;
  /** The encoders that fit, by name, the default first; default all of the modality. */
  readonly encoders?: readonly string[];
  /** Options of the encoder that the task needs; those of the user go before them, but a flag that is true here cannot be switched off. */
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  /** Whether it learns from a trained encoder, which the user gives as `teacher`, or may give with `'optional'`; default false. */
  readonly teacher?: boolean | 'optional';
  /** Settings other than the usual ones; they may depend on what the user gave. */
  readonly defaults?: GivenSettings | ((given: GivenSettings) => GivenSettings);
  /** By what the usual learning rate of an optimizer is multiplied, as for a loss that is large by its weights; default 1. */
  readonly rateScale?: Readonly<Partial<Record<OptimizerName, number>>>;
  /**
   * Learns something of the data before the task is built, such as a vocabulary of patches: `learned` of {@link TaskParts}. It belongs into the task's buffers,
   * which checkpoints hold: a run that goes on builds the task without it. Default nothing.
   */
  learn?(context: LearnContext<O>): Promise<unknown>;
  /** Builds the task. */
  create(parts: P, options: O): AnyPretextTask;
  /** How collapse is recognized; what the task's metrics mean. */
  readonly collapse?: (options: O, settings: Settings) => Omit<CollapseMonitorOptions, 'earlier' | 'onAlarm'>;
}

/** A recipe with its parts and options forgotten, as a registry keeps it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parts and options are known to modality and recipe alone
export type AnyTaskRecipe = TaskRecipe<any, any>;

/** Gives a task recipe its type; it returns what it is given. */
export function defineTask<P extends TaskParts, O extends object>(recipe: TaskRecipe<P, O>): TaskRecipe<P, O> {
  return recipe;
}

import { SelfsupError } from '@selfsup/core';
import { encoders, patchEncoderNames } from '../registry-encoders.ts';
import { tasks } from '../registry-tasks.ts';
import { isRecipe, recipeNames } from '../tasks/task-views.ts';
import { optimizerNames, optimizers, type OptimizerName } from '../training/optimizers.ts';
import { assertUnchanged, checkSettings, flagOf, integer, number, oneOf, text, type SettingCheck } from './check-settings.ts';

/** Everything that decides what a run computes; kept in run.json. */
export interface RunSettings {
  /** The pretext task, such as `simclr`. */
  readonly task: string;
  /** `shapes`, a folder of photos, a folder with IDX or CIFAR-10 files, or one such file; for tasks on videos a folder of folders of frames. */
  readonly data: string;
  /** The encoder, such as `conv-net`. */
  readonly encoder: string;
  /** Options of the encoder, such as `{ widths: [32, 64] }`. */
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  /** Passes over the data. */
  readonly epochs: number;
  /** Images or clips per update. */
  readonly batchSize: number;
  /** The seed of everything random. */
  readonly seed: number;
  /** At most so many training images or videos. */
  readonly limit?: number;
  /** At most so many test images or videos. */
  readonly testLimit?: number;
  /** The share of the images held out for the kNN when the data has labels and no test part of its own, in [0, 1). */
  readonly testFraction: number;
  /** Height and width that photos are resized to. */
  readonly imageSize?: number;
  /** Frames of a clip; absent where the task takes images. */
  readonly clipLength?: number;
  /** From one frame of a clip to the next, or the least and the greatest; absent where the task takes images. */
  readonly frameStride?: number | readonly [number, number];
  /** Whose views, such as `byol` or `dino/lightly`; default those of the task. */
  readonly recipe?: string;
  /** `sgd`, `adamw` or `lars`. */
  readonly optimizer: OptimizerName;
  /** The highest learning rate. */
  readonly learningRate: number;
  /** Momentum of SGD and LARS, first β of AdamW. */
  readonly momentum: number;
  /** Weight decay; AdamW and LARS spare biases and norms. */
  readonly weightDecay: number;
  /** Epochs during which the learning rate rises. */
  readonly warmupEpochs: number;
  /** The softmax scale of the loss. */
  readonly temperature: number;
  /** Columns of the projection head's output. */
  readonly headOutput: number;
  /** Neighbors that vote in the kNN. */
  readonly knnK: number;
  /** The softmax scale of the kNN's votes. */
  readonly knnTemperature: number;
  /** At most so many training images vote in the kNN. */
  readonly knnBank: number;
}

/** What the user gave: by flags, by a config file, or both. */
export type GivenSettings = { readonly [K in keyof RunSettings]?: RunSettings[K] | undefined };

function isStride(value: unknown): boolean {
  const [least, greatest = least, ...more]: unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
  return more.length === 0 && Number.isSafeInteger(least) && Number.isSafeInteger(greatest) && 1 <= Number(least) && least! <= greatest!;
}

const CHECKS: Readonly<Record<keyof RunSettings, SettingCheck>> = {
  task: text('a name'),
  data: text('`shapes` or a path'),
  encoder: text('a name'),
  encoderOptions: [(value) => typeof value === 'object' && value !== null, 'an object'],
  epochs: integer(1),
  batchSize: integer(2),
  seed: integer(0),
  limit: integer(1),
  testLimit: integer(1),
  testFraction: number((value) => value >= 0 && value < 1, 'a number in [0, 1)'),
  imageSize: integer(8),
  clipLength: number((value) => Number.isInteger(value) && value >= 3 && value <= 6, 'an integer from 3 to 6'),
  frameStride: [isStride, 'an integer >= 1, or the least and the greatest such as 1-3'],
  recipe: [(value) => typeof value === 'string' && isRecipe(value), `one of ${recipeNames.join(', ')}, or name/variant`],
  optimizer: oneOf(...optimizerNames),
  learningRate: number((value) => value > 0, 'a number > 0'),
  momentum: number((value) => value >= 0 && value < 1, 'a number in [0, 1)'),
  weightDecay: number((value) => value >= 0, 'a number >= 0'),
  warmupEpochs: number((value) => value >= 0, 'a number >= 0'),
  temperature: number((value) => value > 0, 'a number > 0'),
  headOutput: integer(1),
  knnK: integer(1),
  knnTemperature: number((value) => value > 0, 'a number > 0'),
  knnBank: integer(1),
};

/** The names of all settings. */
export const settingNames = Object.keys(CHECKS) as (keyof RunSettings)[];

/** Refuses settings of clips for a task on images. */
function assertClips(takesClips: boolean, present: GivenSettings): void {
  const given = (['clipLength', 'frameStride'] as const).find((name) => present[name] !== undefined);
  if (takesClips || given === undefined) return;
  const those = tasks.names.filter((name) => tasks.get(name).input.clips);
  throw new SelfsupError('SELFSUP_OPTION', `${flagOf(given)} is for tasks on videos: ${those.join(', ')}`);
}

/**
 * Fills in the defaults and checks every setting, the names of task and encoder included, and that both fit.
 *
 * @param given what the user gave; undefined counts as not given
 * @returns complete settings
 * @throws SelfsupError `SELFSUP_OPTION` naming the flag, what was expected and what came
 */
export function resolveSettings(given: GivenSettings): RunSettings {
  const present = Object.fromEntries(
    settingNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  ) as Partial<RunSettings>;
  if (present.data === undefined)
    throw new SelfsupError('SELFSUP_OPTION', 'no data given; pass --data shapes, or a folder or file of images');
  checkSettings(present, CHECKS);
  const { batchSize = 128, limit, task = 'simclr' } = present;
  const { encoders: fitting = encoders.names, optimizer: own, temperature = 0.2 } = tasks.get(task);
  const { encoder = fitting[0]! } = present;
  encoders.get(encoder);
  if (!fitting.includes(encoder))
    throw new SelfsupError('SELFSUP_OPTION', `--encoder ${encoder} does not fit --task ${task}, which takes ${fitting.join(', ')}`);
  const takesClips = tasks.get(task).input.clips === true;
  assertClips(takesClips, present);
  const { optimizer = patchEncoderNames.includes(encoder) ? 'adamw' : (own ?? 'sgd') } = present;
  const preset = optimizers[optimizer];
  return {
    task,
    data: present.data,
    encoder,
    encoderOptions: {},
    epochs: 10,
    batchSize,
    seed: 0,
    testFraction: 0.2,
    optimizer,
    learningRate: preset.rateFor(batchSize),
    momentum: 0.9,
    weightDecay: preset.weightDecay,
    warmupEpochs: 2,
    temperature,
    headOutput: 128,
    knnK: 200,
    knnTemperature: 0.1,
    knnBank: 10_000,
    ...(takesClips && { clipLength: 4, frameStride: 1 }),
    ...(limit === undefined ? {} : { testLimit: Math.max(1, Math.round(limit / 5)) }),
    ...present,
  };
}

/**
 * Refuses to continue a run with other settings than it started with.
 *
 * @param given what the user gave now
 * @param saved the settings of the run
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming the first setting that differs
 */
export function assertSameSettings(given: GivenSettings, saved: RunSettings): void {
  assertUnchanged({ ...given }, { saved: { ...saved }, names: settingNames });
}

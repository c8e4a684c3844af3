import { SelfsupError } from '@selfsup/core';
import { assertUnchanged, checkSettings, flagOf, integer, number, oneOf, text, type SettingCheck } from '../options/check-settings.ts';
import { settingNames as imageSettingNames } from '../options/run-settings.ts';
import { textEncoders } from './registry-text-encoders.ts';
import { textTasks } from './registry-text-tasks.ts';

/** Everything that decides what a run on text computes; kept in run.json. */
export interface TextSettings {
  /** The pretext task, such as `masked-language`. */
  readonly task: string;
  /** A file, a folder, or a pattern such as `corpus/**\/*.txt`. */
  readonly data: string;
  /** A `vocab.txt` or `tokenizer.json`, or a folder with one; default: a WordPiece vocabulary is trained on the data. */
  readonly tokenizer?: string;
  /** Entries of the vocabulary that is trained when there is no `tokenizer`. */
  readonly vocabularySize: number;
  /** The encoder, such as `bert-tiny`. */
  readonly encoder: string;
  /** Options of the encoder, such as `{ dropoutRate: 0 }`. */
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  /** Tokens of a sequence, special ones included. */
  readonly length: number;
  /** What separates documents: `file`, `blank-line` or `chapter`; where the user gives none, `chooseDocuments` decides. */
  readonly documents: 'file' | 'blank-line' | 'chapter';
  /** What becomes of bytes that are no UTF-8: `error`, or `replace`. */
  readonly invalidUtf8: 'error' | 'replace';
  /** Passes over the data. */
  readonly epochs: number;
  /** Sequences per forward pass. */
  readonly batchSize: number;
  /** Forward passes per update. */
  readonly accumulate: number;
  /** The seed of everything random. */
  readonly seed: number;
  /** At most so many held-out sequences are measured. */
  readonly testLimit: number;
  /** The share of the documents that is held out, in [0, 1). */
  readonly testFraction: number;
  /** The highest learning rate. */
  readonly learningRate: number;
  /** Weight decay of AdamW; biases and norms are spared. */
  readonly weightDecay: number;
  /** The share of the run during which the learning rate rises, in [0, 1). */
  readonly warmupFraction: number;
  /** The norm to which the gradients as a whole are clipped. */
  readonly clipNorm: number;
  /** `bert`: no bias correction, as published; `standard`: with it. */
  readonly adamVariant: 'bert' | 'standard';
  /** The part of the tokens that is hidden. */
  readonly maskRate: number;
  /** How many are hidden: google-research/bert's `counted` or Hugging Face's `bernoulli`. */
  readonly maskRule: 'counted' | 'bernoulli';
  /** What is hidden as a whole: `token`, `whole-word` or `span`. */
  readonly maskUnit: 'token' | 'whole-word' | 'span';
  /** Whether sequences are pairs and the task also tells whether the second follows the first. */
  readonly nextSentence: boolean;
}

/** What the user gave: by flags, by a config file, or both. */
export type GivenTextSettings = { readonly [K in keyof TextSettings]?: TextSettings[K] | undefined };

const share = (value: number) => value >= 0 && value < 1;

const CHECKS: Readonly<Record<keyof TextSettings, SettingCheck>> = {
  task: text('a name'),
  data: text('a file, a folder or a pattern of text files'),
  tokenizer: text('a vocab.txt, a tokenizer.json, or a folder with one'),
  vocabularySize: integer(100),
  encoder: text('a name'),
  encoderOptions: [(value) => typeof value === 'object' && value !== null, 'an object'],
  length: integer(4),
  documents: oneOf('file', 'blank-line', 'chapter'),
  invalidUtf8: oneOf('error', 'replace'),
  epochs: integer(1),
  batchSize: integer(1),
  accumulate: integer(1),
  seed: integer(0),
  testLimit: integer(1),
  testFraction: number(share, 'a number in [0, 1)'),
  learningRate: number((value) => value > 0, 'a number > 0'),
  weightDecay: number((value) => value >= 0, 'a number >= 0'),
  warmupFraction: number(share, 'a number in [0, 1)'),
  clipNorm: number((value) => value > 0, 'a number > 0'),
  adamVariant: oneOf('bert', 'standard'),
  maskRate: number((value) => value > 0 && value < 1, 'a number in (0, 1)'),
  maskRule: oneOf('counted', 'bernoulli'),
  maskUnit: oneOf('token', 'whole-word', 'span'),
  nextSentence: [(value) => typeof value === 'boolean', 'true or false'],
};

/** The names of all settings of runs on text. */
export const textSettingNames = Object.keys(CHECKS) as (keyof TextSettings)[];

/**
 * Fills in the defaults and checks every setting, the names of task and encoder included.
 *
 * @param given what the user gave; undefined counts as not given
 * @returns complete settings
 * @throws SelfsupError `SELFSUP_OPTION` naming the flag, what was expected and what came, or a flag that only images have
 */
export function resolveTextSettings(given: GivenTextSettings): TextSettings {
  const values = given as Readonly<Record<string, unknown>>;
  const present = Object.fromEntries(
    textSettingNames.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  ) as Partial<TextSettings>;
  if (present.task === undefined || present.data === undefined)
    throw new SelfsupError('SELFSUP_OPTION', "no data given; pass --data 'corpus/**/*.txt', a file or folder of text");
  const foreign = imageSettingNames.find(
    (name) =>
      values[name] !== undefined &&
      typeof values[name] !== 'function' && // a config's optimizer is for text too
      !(textSettingNames as readonly string[]).includes(name),
  );
  if (foreign !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${flagOf(foreign)} is a setting of images; --task ${present.task} learns from text, leave it out`,
    );
  const settings: TextSettings = {
    task: present.task,
    data: present.data,
    vocabularySize: 8000,
    encoder: 'bert-tiny',
    encoderOptions: {},
    length: 128,
    documents: 'file',
    invalidUtf8: 'error',
    epochs: 10,
    batchSize: 32,
    accumulate: 1,
    seed: 0,
    testLimit: 1000,
    testFraction: 0.05,
    learningRate: 1e-3,
    weightDecay: 0.01,
    warmupFraction: 0.1,
    clipNorm: 1,
    adamVariant: 'bert',
    maskRate: 0.15,
    maskRule: 'counted',
    maskUnit: 'token',
    nextSentence: false,
    ...present,
  };
  checkSettings(settings, CHECKS);
  textTasks.get(settings.task);
  textEncoders.get(settings.encoder);
  return settings;
}

/**
 * Refuses to continue a run with other settings than it started with.
 *
 * @param given what the user gave now
 * @param saved the settings of the run
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming the first setting that differs
 */
export function assertSameTextSettings(given: GivenTextSettings, saved: TextSettings): void {
  assertUnchanged({ ...given }, { saved: { ...saved }, names: textSettingNames });
}

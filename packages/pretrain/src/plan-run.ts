import { assertBackendName } from '@selfsup/backends';
import { printable, printableValue, SelfsupError } from '@selfsup/core';
import type { EncoderDescription } from './encoder-file.ts';
import type { EncoderRecipe } from './encoder-recipe.ts';
import type { AnyModality } from './modality.ts';
import { describeOptions, parseOptions, type OptionSchema } from './option-schema.ts';
import type { Plugin } from './plugin.ts';
import { createRegistry, type Registry } from './registry.ts';
import { continuedSettings } from './continued-settings.ts';
import { DEFAULT_TASK } from './detect-task.ts';
import { assertAdapters, assertLayers } from './adapt-encoder.ts';
import { findStart } from './data-start.ts';
import { RANDOM } from './start-alone.ts';
import { completeReadout } from './readout.ts';
import { resolveSettings } from './resolve-settings.ts';
import { sessionOptionNames, sessionSchema, type OptimizerBuilder, type RunConfig } from './run-config.ts';
import type { RunFile } from './run-file.ts';
import { settingNames, type GivenSettings, type Settings } from './settings.ts';
import { suggest } from './suggest.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';

/** What the user asked for, made complete; nothing has been opened or written. */
export interface RunPlan {
  /** All tasks, modalities, encoders and data there are. */
  readonly registry: Registry;
  /** The recipe of the task. */
  readonly recipe: AnyTaskRecipe;
  /** What the data are. */
  readonly modality: AnyModality;
  /** The recipe of the encoder. */
  readonly encoder: EncoderRecipe;
  /** What to learn from. */
  readonly data: unknown;
  /** Complete; the options of the task are, too. */
  readonly settings: Settings;
  /** Options of the modality, complete. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Functions of the config that the modality knows. */
  readonly functions: Readonly<Record<string, unknown>>;
  /** Builds the optimizer, where the config has a function for it. */
  readonly optimizer?: OptimizerBuilder;
  /** What run.json says, when a run is continued. */
  readonly earlier?: RunFile;
  /** The run whose encoder this one starts from. */
  readonly start?: EncoderDescription;
}

/** Options of {@link planRun}. */
export interface PlanRunOptions {
  /** What there is beside the plugins of the config. */
  registry: Registry;
  /** What run.json says, when a run is continued. */
  earlier?: RunFile | undefined;
  /** What describes the encoder of `init`, see `describeEncoder`. */
  start?: EncoderDescription | undefined;
  /** How an option is written where the user wrote it; default the name in backticks. */
  nameOf?: (name: string) => string;
}

/** The plugins of a config, its own recipes among them, after those that are there. */
function withOwn(registry: Registry, { task, encoder, plugins = [] }: RunConfig): Registry {
  const own = {
    name: 'the config',
    tasks: typeof task === 'object' ? [task] : [],
    encoders: typeof encoder === 'object' ? [encoder as EncoderRecipe] : [],
  };
  const name = plugins.find((plugin) => typeof plugin === 'string');
  if (name !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`plugins\` must be objects here, got '${printable(name, { maxLength: 80 })}'; only the command loads modules by name: import it`,
    );
  if (plugins.length + own.tasks.length + own.encoders.length === 0) return registry;
  return createRegistry([...registry.plugins, ...(plugins as readonly Plugin[]), own]);
}

const nameIn = (thing: string | { readonly name: string } | undefined): string | undefined =>
  typeof thing === 'object' ? thing.name : thing;

/** Refuses a task, an encoder or a plugin that is nothing of the kind: configs come without types, too. */
function assertThings({ task, encoder, plugins }: RunConfig, nameOf: (name: string) => string): void {
  const isNamed = (thing: unknown) => typeof thing === 'object' && thing !== null && typeof (thing as { name?: unknown }).name === 'string';
  const refuse = (name: string, expected: string, got: unknown): never => {
    throw new SelfsupError('SELFSUP_OPTION', `${nameOf(name)} must be ${expected}, got ${printableValue(got)}`);
  };
  if (task !== undefined && typeof task !== 'string' && !isNamed(task)) refuse('task', 'the name of a task or a recipe (defineTask)', task);
  const isEncoder = isNamed(encoder) && Array.isArray((encoder as { modalities?: unknown }).modalities);
  if (encoder !== undefined && typeof encoder !== 'string' && !isEncoder)
    refuse('encoder', 'the name of an encoder or a recipe (defineEncoder)', encoder);
  if (plugins === undefined) return;
  if (!Array.isArray(plugins)) refuse('plugins', 'a list', plugins);
  const other: unknown = plugins.find((plugin) => typeof plugin !== 'string' && !isNamed(plugin));
  if (other !== undefined) refuse('plugins', 'a list of plugins (definePlugin)', other);
}

/** Parts of a config by what they are for; refuses what nobody knows. */
function splitConfig(
  config: RunConfig,
  { recipe, modality, nameOf }: { recipe: AnyTaskRecipe; modality: AnyModality; nameOf: (name: string) => string },
) {
  const optionNames = describeOptions(modality.options).map(({ name }) => name);
  const functionNames = modality.functions ?? [];
  const own = ['data', 'plugins', 'out', 'report', 'init', 'teacher', 'minutes', ...sessionOptionNames];
  const known: readonly string[] = [...settingNames, ...optionNames, ...functionNames, ...own];
  const settings: Record<string, unknown> = {};
  const options: Record<string, unknown> = {};
  const functions: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (value === undefined || own.includes(name)) continue;
    if (functionNames.includes(name)) {
      if (typeof value !== 'function') throw new SelfsupError('SELFSUP_OPTION', `${nameOf(name)} must be a function, got ${typeof value}`);
      functions[name] = value;
    } else if ((settingNames as readonly string[]).includes(name)) settings[name] = value;
    else if (optionNames.includes(name)) options[name] = value;
    else
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `the task ${recipe.name} learns from data of the kind ${modality.name}, which has no option ${nameOf(printable(name, { maxLength: 60 }))}${suggest(name, known, nameOf)}`,
      );
  }
  const { optimizer } = settings;
  if (typeof optimizer === 'function') delete settings['optimizer'];
  return { settings, options, functions, optimizer: typeof optimizer === 'function' ? (optimizer as OptimizerBuilder) : undefined };
}

function chooseEncoder(registry: Registry, recipe: AnyTaskRecipe, given: string | undefined): EncoderRecipe {
  const fitting =
    recipe.encoders ?? registry.encoders.all.filter(({ modalities }) => modalities.includes(recipe.modality)).map(({ name }) => name);
  const name = given ?? fitting[0];
  if (name === undefined)
    throw new SelfsupError('SELFSUP_OPTION', `no encoder takes data of the kind ${recipe.modality}; add one by a plugin`);
  const encoder = registry.encoders.get(name);
  if (!encoder.modalities.includes(recipe.modality) || (recipe.encoders && !recipe.encoders.includes(name)))
    throw new SelfsupError('SELFSUP_OPTION', `the encoder ${name} does not fit the task ${recipe.name}, which takes ${fitting.join(', ')}`);
  return encoder;
}

/** Whether JSON writes both alike. */
function isSame(one: unknown, other: unknown): boolean {
  try {
    return JSON.stringify(one) === JSON.stringify(other);
  } catch {
    return false; // nested too deeply, in a circle, or nothing that JSON knows
  }
}

/** The first thing that differs between what the user gave now and what the run has. */
function assertUnchanged(
  now: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
  nameOf: (name: string) => string,
): void {
  for (const [name, value] of Object.entries(now)) {
    if (value === undefined || isSame(value, before[name])) continue;
    if ((name === 'taskOptions' || name === 'encoderOptions') && typeof value === 'object' && value !== null) {
      const complete = before[name] as Readonly<Record<string, unknown>>; // what was given is a part of it
      assertUnchanged(value as Readonly<Record<string, unknown>>, complete, (option) => nameOf(`${name}.${option}`));
      continue;
    }
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `this run was trained with ${nameOf(name)} ${before[name] === undefined ? '(not set)' : printableValue(before[name])}, got ${printableValue(value)}; resume without it (it may come from a config), or start a new run in another folder`,
    );
  }
}

/** Refuses an encoder other than the one whose weights it is to start with. */
function assertSameEncoder(
  now: { readonly name: string; readonly options: Readonly<Record<string, unknown>> },
  { encoder: before }: EncoderDescription,
  nameOf: (name: string) => string,
): void {
  const refuse = (name: string, [has, wants]: readonly [unknown, unknown]): never => {
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('init')}: that encoder has ${nameOf(name)} ${has === undefined ? '(not set)' : printableValue(has)}, this run asks for ${printableValue(wants)}; leave ${nameOf(name)} out, choose a task that takes that encoder, or start without it`,
    );
  };
  if (now.name !== before.name) refuse('encoder', [before.name, now.name]);
  for (const [name, value] of Object.entries(now.options))
    if (!isSame(value, before.options[name])) refuse(`encoderOptions.${name}`, [before.options[name], value]);
}

/**
 * Makes complete what a user asked for: finds task, modality and encoder, fills in settings and options, and checks everything that needs no data.
 *
 * @param config what the user gave
 * @param options what there is, and the run that is continued
 * @returns see {@link RunPlan}
 * @throws SelfsupError `SELFSUP_OPTION` on a name that is not known (with the nearest one) or a value out of range, `SELFSUP_CHECKPOINT` when a run is
 * continued with other settings, or without the plugins and functions that it was begun with
 */
export function planRun(config: RunConfig, options: PlanRunOptions): RunPlan {
  const { earlier, start, nameOf = (name) => `\`${name}\`` } = options;
  assertThings(config, nameOf);
  const registry = withOwn(options.registry, config);
  const task = nameIn(config.task) ?? earlier?.settings.task ?? DEFAULT_TASK;
  if (earlier && !registry.tasks.has(task) && earlier.brought.plugins.length > 0)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `the task ${task} of this run came from ${earlier.brought.plugins.join(', ')}; nothing that a run's file names is loaded by itself, so give it again`,
    );
  const recipe = registry.tasks.get(task);
  const modality = registry.modalities.get(recipe.modality);
  const { minutes } = config;
  if (minutes !== undefined && (typeof minutes !== 'number' || !(minutes > 0) || minutes === Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `${nameOf('minutes')} must be a number > 0, got ${printableValue(minutes)}`);
  if (minutes !== undefined && earlier)
    throw new SelfsupError('SELFSUP_OPTION', `${nameOf('minutes')} must be left out when a run is continued: it goes on as it was planned`);
  parseOptions(sessionSchema, Object.fromEntries(sessionOptionNames.map((name) => [name, config[name]])), { who: 'the run', nameOf });
  assertBackendName(config.backend ?? 'auto', registry.backends.all, nameOf('backend'));
  const given = splitConfig(
    { ...config, task, ...(config.encoder !== undefined && { encoder: nameIn(config.encoder) }) },
    {
      recipe,
      modality,
      nameOf,
    },
  );
  let settingsNow: Settings | undefined;
  if (earlier) {
    const { epochs, batchSize, accumulate, ...others } = given.settings;
    assertUnchanged(others, { ...earlier.settings }, nameOf);
    if (typeof epochs !== 'number' || epochs < earlier.settings.epochs) assertUnchanged({ epochs }, { ...earlier.settings }, nameOf);
    settingsNow = continuedSettings(earlier.settings, { epochs, batchSize, accumulate }, nameOf);
    assertUnchanged(given.options, earlier.options, nameOf);
    const missing = earlier.brought.functions.filter(
      (name) => given.functions[name] === undefined && !(name === 'optimizer' && given.optimizer),
    );
    if (missing.length > 0)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `this run was begun with functions of a config (${missing.join(', ')}); nothing that a run's file names is loaded by itself, so give the config again`,
      );
  }
  if (start && start.modality !== modality.name)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('init')}: that encoder takes data of the kind ${printable(start.modality)}, the task ${recipe.name} learns from ${modality.name}; choose a task on ${printable(start.modality)}, or start without it`,
    );
  const named = (given.settings['encoder'] as string | undefined) ?? earlier?.settings.encoder ?? start?.encoder.name;
  const encoder = chooseEncoder(registry, recipe, named);
  const data = config.data ?? earlier?.data;
  if (data === undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `no data given; give ${nameOf('data')}: what ${modality.name === 'image' ? 'images' : `data of the kind ${modality.name}`} the task ${recipe.name} is to learn from`,
    );
  const base = {
    registry,
    recipe,
    modality,
    encoder,
    data,
    functions: given.functions,
    ...(given.optimizer && { optimizer: given.optimizer }),
  };
  if (earlier) return { ...base, settings: settingsNow!, options: earlier.options, earlier };
  const settings = resolveSettings(
    { ...(given.settings as GivenSettings), task, encoder: encoder.name },
    { recipe, modality, nameOf, continues: start !== undefined },
  );
  for (const [name, needed] of Object.entries(recipe.encoderOptions ?? {}))
    if (needed === true && settings.encoderOptions[name] === false)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `task ${recipe.name}: ${nameOf(`encoderOptions.${name}`)} must be true, got false; leave it out`,
      );
  const encoderOptions = { ...start?.encoder.options, ...recipe.encoderOptions, ...settings.encoderOptions };
  if (start) assertSameEncoder({ name: encoder.name, options: encoderOptions }, start, nameOf);
  const parsedEncoder = parseOptions(encoder.options, encoderOptions, {
    who: `encoder ${encoder.name}`,
    nameOf: (name) => nameOf(`encoderOptions.${name}`),
  });
  assertLayers(encoder, parsedEncoder, { settings, nameOf });
  assertAdapters(settings, { isTrained: start !== undefined || settings.start !== RANDOM, nameOf });
  findStart(encoder, settings.start, nameOf);
  if (start && settings.start !== RANDOM)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('start')} must be left out where a run starts from an encoder (${nameOf('init')}), got ${printableValue(settings.start)}`,
    );
  // which readout options are for is planned with the data open, where only a time is given
  const isOpen = minutes !== undefined && given.settings['readout'] === undefined;
  const readout = completeReadout(encoder, isOpen ? { ...settings, readoutOptions: {} } : settings, nameOf);
  const taskOptions = parseOptions<object>(recipe.options as OptionSchema, settings.taskOptions, {
    who: `task ${recipe.name}`,
    nameOf: (name) => nameOf(`taskOptions.${name}`),
  });
  return {
    ...base,
    ...(start && { start }),
    settings: { ...settings, ...readout, encoderOptions, taskOptions: taskOptions as Record<string, unknown> },
    options: parseOptions(modality.options, given.options, { who: `data of the kind ${modality.name}`, nameOf }) as Record<string, unknown>,
  };
}

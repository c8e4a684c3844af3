import { describeOptions, planRun, sessionSchema, settingsSchema, type OptionSchema } from '@selfsup/pretrain';
import type { PreparedRun } from '../plugins/prepare-run.ts';
import { rankFlagNames } from './rank-flags.ts';
import { kebab, schemaFlags, type SchemaFlag } from './schema-flags.ts';

/** The flags of `selfsup train` for a task and its modality, by where their values go. */
export interface TrainFlags {
  /** Settings that every run has, options of the session, and options of the modality. */
  readonly run: readonly SchemaFlag[];
  /** Options of the task. */
  readonly task: readonly SchemaFlag[];
  /** Options of the task that have no flag of their own, since another has the name. */
  readonly hidden: readonly string[];
}

/** What the command itself has. */
const OWN = ['task', 'encoder', 'taskOptions', 'encoderOptions', 'readoutOptions', 'readoutOption', 'taskOption', 'encoderOption', 'plugin', 'data', 'out', 'init', 'teacher', ...rankFlagNames, 'minutes', 'config', 'report', 'json', 'verbose', 'help', 'version']; // prettier-ignore

/** The values of all options unless they are given. */
function defaultsOf({ registry, config, recipe }: PreparedRun): { settings: Record<string, unknown>; options: Record<string, unknown> } {
  const { encoder } = config;
  try {
    const plan = planRun({ task: recipe.name, ...(encoder !== undefined && { encoder }), data: '' }, { registry });
    return { settings: { ...plan.settings }, options: { ...plan.options } };
  } catch {
    return { settings: {}, options: {} }; // it is only help that lacks them
  }
}

/**
 * Makes the flags of `selfsup train` out of the schemas of task, modality, settings and session.
 *
 * @param prepared what the command line brings along
 * @returns see {@link TrainFlags}
 */
export function trainFlags(prepared: PreparedRun): TrainFlags {
  const { recipe, modality } = prepared;
  const defaults = defaultsOf(prepared);
  const taken = new Set(OWN);
  const of = (schema: OptionSchema, group: string, values?: Readonly<Record<string, unknown>>, hidden = false) =>
    schemaFlags(describeOptions(schema), { group, taken, defaults: values, hidden });
  const session = of(sessionSchema, 'Session');
  const settings = of(settingsSchema, 'Settings of every run', defaults.settings);
  const options = of(modality.options, `Options of ${modality.title}`, defaults.options);
  const before = new Set(taken);
  const task = of(recipe.options, `Options of ${recipe.title}`, {}, !prepared.isNamed);
  const hidden = describeOptions(recipe.options).flatMap(({ name }) => (before.has(name) ? [name] : []));
  return { run: [...settings, ...options, ...session], task, hidden };
}

/** How options of the task are written on the command line; those without a flag of their own are left to `--task-option`. */
export const flagNamesOf = ({ task }: TrainFlags): ReadonlyMap<string, string> =>
  new Map(task.map(({ name }) => [`taskOptions.${name}`, `--${kebab(name)}`]));

/**
 * Says of a flag that does not exist here whose it is.
 *
 * @param flag such as `--queue-size`
 * @param prepared what the command line brings along
 * @returns a sentence; undefined where nobody has it
 */
export function ownerOf(flag: string, { registry, recipe, modality }: PreparedRun): string | undefined {
  const has = (schema: OptionSchema) => describeOptions(schema).some(({ name }) => `--${kebab(name)}` === flag.replace(/=.*/s, ''));
  const tasks = registry.tasks.all.filter(({ options }) => has(options as OptionSchema)).map(({ name }) => name);
  const kinds = registry.modalities.all.filter(({ options }) => has(options as OptionSchema)).map(({ title }) => title);
  if (tasks.length > 0) return `${flag} is an option of ${tasks.join(', ')}, not of ${recipe.name}`;
  const several = [kinds.slice(0, -1).join(', '), kinds.at(-1)].filter(Boolean).join(' and ');
  if (kinds.length > 0) return `${flag} is for ${several}; ${recipe.name} learns from ${modality.title}`;
  return undefined;
}

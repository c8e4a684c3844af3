import { dirname, resolve } from 'node:path';
import { printable, SelfsupError } from '@selfsup/core';
import {
  detectTask,
  parseRunFile,
  readText,
  runFileNames,
  type AnyModality,
  type AnyTaskRecipe,
  type Registry,
  type RunFile,
} from '@selfsup/pretrain';
import { runFolder } from '@selfsup/pretrain/node';
import type { FirstLook } from '../flags/first-look.ts';
import { gatherPlugins } from './gather-plugins.ts';
import { loadConfig, type CommandConfig } from './load-config.ts';

/** What is known of a run before its flags are read: enough to say which flags there are. */
export interface PreparedRun {
  readonly registry: Registry;
  /** The config of `--config`, with the names of task and encoder for whatever brought them. */
  readonly config: CommandConfig;
  readonly recipe: AnyTaskRecipe;
  readonly modality: AnyModality;
  /** Whether the user named the task, or the run to be continued has it; otherwise it is the default one. */
  readonly isNamed: boolean;
}

/** Says how to give again what a run had from outside: nothing that its file names is loaded. */
function askAgain(what: string, out: string, flag: string): SelfsupError {
  return new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `${what}; nothing that a run's file names is loaded by itself, so give it again: selfsup train --resume --out ${printable(out)} ${flag}`,
  );
}

function assertBroughtAgain(earlier: RunFile, out: string, { registry, config }: Pick<PreparedRun, 'registry' | 'config'>): void {
  const from = earlier.brought.plugins.map((name) => printable(name)).join(', ') || 'elsewhere';
  const { task } = earlier.settings;
  const encoder = earlier.encoder.name;
  if (config.task === undefined && !registry.tasks.has(task))
    throw askAgain(`the task ${printable(task)} of this run came from ${from}`, out, '--task <file or package>');
  if (config.encoder === undefined && !registry.encoders.has(encoder))
    throw askAgain(`the encoder ${printable(encoder)} of this run came from ${from}`, out, '--encoder <file or package>');
  const missing = earlier.brought.functions.filter((name) => typeof config[name] !== 'function');
  if (missing.length > 0)
    throw askAgain(
      `this run was begun with functions of a config (${missing.map((name) => printable(name)).join(', ')})`,
      out,
      '--config <file>',
    );
}

async function readEarlier(out: string): Promise<RunFile | undefined> {
  const text = await readText(runFolder(out), runFileNames.run);
  return text === undefined ? undefined : parseRunFile(text, `${printable(out)}/${runFileNames.run}`);
}

/** Paths in a config start from its own folder, those of flags from where the user is. */
const inFolder = <T>(named: T | string, folder: string): T | string =>
  typeof named === 'string' && /^\.{1,2}[\\/]/.test(named) ? resolve(folder, named) : named;

/**
 * Loads what a command line brings along, and finds out which task it is about: that of `--task`, of the config, of the run to be continued, or what fits the data.
 *
 * @param look the first look at the command line
 * @param from the folder that paths start from
 * @returns see {@link PreparedRun}
 * @throws SelfsupError when something is not there or does not fit, see `gatherPlugins`; `SELFSUP_CHECKPOINT` when a run had something from outside that
 * was not given again
 */
export async function prepareRun(look: FirstLook, from: string): Promise<PreparedRun> {
  const loaded: CommandConfig = look.config === undefined ? {} : await loadConfig(look.config, from);
  const { plugins: own, ...given } = loaded;
  const folder = look.config === undefined ? from : dirname(resolve(from, look.config));
  const task = look.task ?? inFolder(given.task, folder);
  const encoder = look.encoder ?? inFolder(given.encoder, folder);
  const plugins = [...(own ?? []).map((plugin) => inFolder(plugin, folder)), ...look.plugins];
  const { registry, ...names } = await gatherPlugins({ task, encoder, plugins }, from);
  const config: CommandConfig = { ...given, ...names };
  const out = look.out ?? config.out;
  const earlier = (look.resume || config.resume === true) && out !== undefined ? await readEarlier(out) : undefined;
  if (earlier) assertBroughtAgain(earlier, out!, { registry, config });
  const name = names.task ?? earlier?.settings.task;
  const recipe = registry.tasks.get(name ?? (await detectTask(look.data ?? config.data, registry)));
  if (!registry.modalities.has(recipe.modality))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the task ${printable(recipe.name)} learns from data of the kind ${printable(recipe.modality)}, which nobody brings; add it with --plugin <file or package> (there are ${registry.modalities.names.join(', ')})`,
    );
  return { registry, config, recipe, modality: registry.modalities.get(recipe.modality), isNamed: name !== undefined };
}

import { printable, SelfsupError } from '@selfsup/core';
import { builtinPlugins, createRegistry, type AnyTaskRecipe, type EncoderRecipe, type Plugin, type Registry } from '@selfsup/pretrain';
import { nodePlugins } from '@selfsup/pretrain/node';
import { asPlugin } from './as-plugin.ts';
import { findPackage, isPath, loadModule } from './load-module.ts';

/** What a user names, or brings along in a config. */
export interface AskedFor {
  readonly task?: string | AnyTaskRecipe | undefined;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each encoder knows its own options
  readonly encoder?: string | EncoderRecipe<any, any> | undefined;
  readonly plugins?: readonly (string | Plugin)[] | undefined;
}

/** What was found. */
export interface Gathered {
  readonly registry: Registry;
  readonly task?: string;
  readonly encoder?: string;
}

const expected = {
  task: 'the recipe of a task (defineTask, defineImageTask, …) or a plugin (definePlugin) with one',
  encoder: 'the recipe of an encoder (defineEncoder) or a plugin (definePlugin) with one',
  plugin: 'a plugin (definePlugin), or the recipe of a task or an encoder',
} as const;

async function loadPlugin(name: string, kind: 'task' | 'encoder' | 'plugin', from: string): Promise<Plugin> {
  const who = `--${kind}`;
  return asPlugin(await loadModule(name, { who, from }), name, { who, expected: expected[kind] });
}

/** The one thing of a kind that a plugin brings. */
function onlyOne(plugin: Plugin, kind: 'task' | 'encoder', name: string): string {
  const names = (kind === 'task' ? plugin.tasks : plugin.encoders)?.map((thing) => thing.name) ?? [];
  if (names.length === 1) return names[0]!;
  const shown = printable(name);
  throw new SelfsupError(
    'SELFSUP_OPTION',
    names.length === 0
      ? `--${kind} ${shown} brings no ${kind}; what else it brings comes in with --plugin ${shown}`
      : `--${kind} ${shown} brings ${names.map((one) => printable(one)).join(', ')}; choose one: --plugin ${shown} --${kind} ${printable(names[0]!)}`,
  );
}

/** Finds a task or an encoder: registered, in a file, or in a package. */
async function find(
  kind: 'task' | 'encoder',
  given: string | AnyTaskRecipe | EncoderRecipe,
  { registry, from }: { registry: Registry; from: string },
): Promise<{ name: string; registry: Registry }> {
  const grow = (plugin: Plugin) => createRegistry([...registry.plugins, plugin]);
  if (typeof given !== 'string')
    return {
      name: given.name,
      registry: grow({
        name: 'the config',
        ...(kind === 'task' ? { tasks: [given as AnyTaskRecipe] } : { encoders: [given as EncoderRecipe] }),
      }),
    };
  const known = kind === 'task' ? registry.tasks : registry.encoders;
  if (known.has(given) || (!isPath(given) && (await findPackage(given, from)) === undefined)) return { name: given, registry };
  const plugin = await loadPlugin(given, kind, from);
  return { name: onlyOne(plugin, kind, given), registry: grow(plugin) };
}

/**
 * Gathers all tasks, encoders and modalities that there are for a command: those of selfsup, those of plugins, and what `--task` and `--encoder` name.
 *
 * @param asked names, paths and packages
 * @param from the folder from which paths and packages are looked up
 * @returns the registry, and the names of task and encoder; a name that nobody brings stays as it is
 * @throws SelfsupError `SELFSUP_OPTION` when a module is not there or does not load, `SELFSUP_PLUGIN_API` when it brings what does not fit
 */
export async function gatherPlugins(asked: AskedFor, from: string): Promise<Gathered> {
  const { task, encoder, plugins = [] } = asked;
  const loaded: Plugin[] = [];
  for (const plugin of new Set(plugins)) loaded.push(typeof plugin === 'string' ? await loadPlugin(plugin, 'plugin', from) : plugin);
  let registry = createRegistry([...builtinPlugins, ...nodePlugins, ...loaded]);
  const names: { task?: string; encoder?: string } = {};
  if (task !== undefined) ({ name: names.task, registry } = await find('task', task, { registry, from }));
  if (encoder !== undefined) ({ name: names.encoder, registry } = await find('encoder', encoder, { registry, from }));
  return { registry, ...names };
}

import { builtinBackends, type BackendSetup } from '@selfsup/backends';
import { printable, SelfsupError } from '@selfsup/core';
import type { EncoderRecipe } from './encoder-recipe.ts';
import type { AnyModality, DatasetOpener } from './modality.ts';
import type { Plugin } from './plugin.ts';
import { suggest } from './suggest.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';

/** Things by the name that users know them by. */
export interface Names<T> {
  /** All names, in the order of registration. */
  readonly names: readonly string[];
  /** All things. */
  readonly all: readonly T[];
  /** Whether there is one of that name. */
  has(name: string): boolean;
  /** The one of that name; throws `SELFSUP_OPTION` with the nearest known name otherwise. */
  get(name: string): T;
}

/** All tasks, modalities, encoders, data sets and backends that there are. */
export interface Registry {
  /** The plugins it was made of, in order. */
  readonly plugins: readonly Plugin[];
  /** All tasks. */
  readonly tasks: Names<AnyTaskRecipe>;
  /** All modalities. */
  readonly modalities: Names<AnyModality>;
  /** All encoders. */
  readonly encoders: Names<EncoderRecipe>;
  /** What opens data, in the order in which they are asked. */
  readonly datasets: readonly DatasetOpener[];
  /** What computes, in the order in which `auto` tries: what plugins bring, then what selfsup brings. */
  readonly backends: Names<BackendSetup>;
}

function names<T extends { readonly name: string; readonly aliases?: readonly string[] }>(
  kind: string,
  plugins: readonly Plugin[],
  of: (plugin: Plugin) => readonly T[],
): Names<T> {
  const found = new Map<string, { thing: T; plugin: string }>();
  for (const plugin of plugins)
    for (const thing of of(plugin)) {
      const earlier = found.get(thing.name);
      if (earlier && earlier.thing !== thing)
        throw new SelfsupError(
          'SELFSUP_PLUGIN_API',
          `the ${kind} '${thing.name}' comes from ${earlier.plugin} and from ${plugin.name}; leave one of them out, or rename it`,
        );
      found.set(thing.name, { thing, plugin: plugin.name });
    }
  const all = [...found.values()].map(({ thing }) => thing);
  const known = [...found.keys()];
  return {
    names: known,
    all,
    has: (name) => found.has(name),
    get(name) {
      const entry = found.get(name);
      if (!entry) {
        const aliases = Object.fromEntries(all.flatMap((thing) => (thing.aliases ?? []).map((alias) => [alias, thing.name] as const)));
        const shown = printable(name, { maxLength: 60 });
        throw new SelfsupError('SELFSUP_OPTION', `unknown ${kind} '${shown}'${suggest(name, known, (text) => text, aliases)}`);
      }
      return entry.thing;
    },
  };
}

function checkPlugin(plugin: Plugin): void {
  for (const [kind, list] of [
    ['task', plugin.tasks],
    ['modality', plugin.modalities],
  ] as const)
    for (const { name, api } of (list ?? []) as readonly { name: string; api: number }[])
      if (api !== 1)
        throw new SelfsupError(
          'SELFSUP_PLUGIN_API',
          `the ${kind} '${name}' of ${plugin.name} is written for contract ${String(api)}, this is contract 1; install versions that match`,
        );
}

/**
 * Gathers what plugins bring.
 *
 * @param plugins in order; a thing that two plugins share counts once
 * @returns see {@link Registry}
 * @throws SelfsupError `SELFSUP_PLUGIN_API` when two plugins have different things of one name, or one is written for another contract
 */
export function createRegistry(plugins: readonly Plugin[]): Registry {
  plugins.forEach(checkPlugin);
  return {
    plugins,
    tasks: names('task', plugins, ({ tasks = [] }) => tasks),
    modalities: names('modality', plugins, ({ modalities = [] }) => modalities),
    encoders: names('encoder', plugins, ({ encoders = [] }) => encoders as readonly EncoderRecipe[]),
    datasets: plugins.flatMap(({ datasets = [] }) => datasets),
    backends: names('backend', [...plugins, { name: '@selfsup/backends', backends: builtinBackends }], ({ backends = [] }) => backends),
  };
}

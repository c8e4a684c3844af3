import { printable, SelfsupError } from '@selfsup/core';
import type { AnyModality, AnyTaskRecipe, EncoderRecipe, Plugin } from '@selfsup/pretrain';
import { describeValue } from './describe-value.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A list of a plugin, and how one of its things is recognized. */
const kinds: Readonly<Record<'tasks' | 'encoders' | 'modalities' | 'datasets' | 'backends', (thing: Fields) => boolean>> = {
  tasks: ({ name, create, modality }) => typeof name === 'string' && typeof create === 'function' && typeof modality === 'string',
  encoders: ({ name, create, modalities }) => typeof name === 'string' && typeof create === 'function' && Array.isArray(modalities),
  modalities: ({ name, open, prepare, encode }) =>
    typeof name === 'string' && [open, prepare, encode].every((method) => typeof method === 'function'),
  datasets: ({ name, open, accepts }) => typeof name === 'string' && typeof open === 'function' && typeof accepts === 'function',
  backends: ({ name, setUp }) => typeof name === 'string' && typeof setUp === 'function',
};
const expectations = {
  tasks: 'the recipe of a task (defineTask, defineImageTask, …)',
  encoders: 'the recipe of an encoder (defineEncoder)',
  modalities: 'a modality (defineModality)',
  datasets: 'an opener of data',
  backends: 'the set-up of a backend (BackendSetup)',
} as const;
const hasSchema = ({ options }: Fields): boolean => typeof options === 'object' && options !== null && '~standard' in options;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

function assertUsable(thing: Fields, kind: keyof typeof kinds, where: string): void {
  const name = printable(String(thing['name']));
  if ((kind === 'tasks' || kind === 'modalities') && thing['api'] !== 1)
    throw new SelfsupError(
      'SELFSUP_PLUGIN_API',
      `${where}: ${name} is written for contract ${typeof thing['api'] === 'number' ? thing['api'] : '(none)'}, this is contract 1; install versions that match`,
    );
  if (kind !== 'datasets' && kind !== 'backends' && !hasSchema(thing))
    throw new SelfsupError(
      'SELFSUP_PLUGIN_API',
      `${where}: the \`options\` of ${name} must be a schema, such as z.strictObject({}) of zod 4.2 or newer, got ${describeValue(thing['options'])}`,
    );
}

function checkLists(plugin: Fields, where: string): Plugin {
  for (const [kind, fits] of Object.entries(kinds) as [keyof typeof kinds, (thing: Fields) => boolean][]) {
    const list = plugin[kind] ?? [];
    if (!Array.isArray(list))
      throw new SelfsupError('SELFSUP_PLUGIN_API', `${where}: \`${kind}\` must be a list, got ${describeValue(list)}`);
    for (const thing of list as unknown[]) {
      if (!isObject(thing) || !fits(thing))
        throw new SelfsupError('SELFSUP_PLUGIN_API', `${where}: \`${kind}\` must hold ${expectations[kind]}, got ${describeValue(thing)}`);
      assertUsable(thing, kind, where);
    }
  }
  return plugin as unknown as Plugin;
}

/**
 * Makes a plugin of what a module exports: a plugin, or one thing that plugins bring.
 *
 * @param value the default export
 * @param name of the module, as the user gave it; the plugin of a single thing is called so
 * @param who asks, such as `--task`, and what it expects
 * @returns the plugin
 * @throws SelfsupError `SELFSUP_PLUGIN_API` naming what was found and what is expected
 */
export function asPlugin(value: unknown, name: string, { who, expected }: { who: string; expected: string }): Plugin {
  const where = `${who} ${printable(name)}`;
  if (isObject(value)) {
    if (kinds.tasks(value)) return checkLists({ name, tasks: [value as unknown as AnyTaskRecipe] }, where);
    if (kinds.encoders(value)) return checkLists({ name, encoders: [value as unknown as EncoderRecipe] }, where);
    if (kinds.modalities(value)) return checkLists({ name, modalities: [value as unknown as AnyModality] }, where);
    if (typeof value['name'] === 'string' && Object.keys(kinds).some((kind) => kind in value)) return checkLists(value, where);
  }
  const isTask = isObject(value) && typeof value['create'] === 'function';
  const advice = typeof value === 'function' || isTask ? '; a pretext task becomes trainable by a recipe, whose `create` makes it' : '';
  throw new SelfsupError(
    'SELFSUP_PLUGIN_API',
    `${where} must have ${expected} as its default export, got ${describeValue(value)}${advice}`,
  );
}

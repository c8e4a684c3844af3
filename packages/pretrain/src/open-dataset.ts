import { isSelfsupError, printable, SelfsupError } from '@selfsup/core';
import type { DatasetOpener, OpenContext } from './modality.ts';
import type { Progress } from './progress.ts';
import type { Registry } from './registry.ts';

const describe = (data: unknown): string =>
  typeof data === 'string'
    ? `'${printable(data)}'`
    : Array.isArray(data)
      ? 'a list'
      : typeof data === 'object'
        ? 'this object'
        : `a ${typeof data}`;

/** Openers in the order in which they are asked: those of plugins that came last first, so that anyone's go before our own. */
const inOrder = (registry: Registry, modality: string): readonly DatasetOpener[] =>
  [...registry.plugins].reverse().flatMap(({ datasets = [] }) => datasets.filter((opener) => opener.modality === modality));

/** The error with a sentence on the name of data that is made up, where another kind of task takes it. */
function withKind(error: unknown, data: unknown, { registry, modality }: { registry: Registry; modality: string }): unknown {
  const madeUp = registry.plugins.flatMap(({ datasets = [] }) => datasets.filter(({ procedural = false }) => procedural));
  const named = madeUp.find((opener) => opener.name === data && opener.modality !== modality);
  if (!named || !isSelfsupError(error) || error.code !== 'SELFSUP_DATA') return error;
  const titleOf = (name: string) => (registry.modalities.has(name) ? registry.modalities.get(name).title : name);
  const own = madeUp.filter((opener) => opener.modality === modality && opener.name !== data).map(({ name }) => `\`${name}\``);
  const instead = [...own, 'other data', `a task that takes ${titleOf(named.modality)}`];
  return new SelfsupError(
    error.code,
    `${error.message}; \`${named.name}\` is generated data for tasks on ${titleOf(named.modality)}, not on ${titleOf(modality)}; give ${instead.slice(0, -1).join(', ')} or ${instead.at(-1)!}`,
    { cause: error },
  );
}

/**
 * What a modality opens its data with.
 *
 * @param registry whose openers
 * @param modality the modality's name
 * @param options progress, and what run.json says of a run that there is
 * @returns see {@link OpenContext}
 */
export function createOpenContext(
  registry: Registry,
  modality: string,
  options: { progress: Progress; earlier?: OpenContext['earlier'] | undefined; start?: boolean },
): OpenContext {
  const { progress, earlier, start = false } = options;
  return {
    progress,
    ...(earlier && { earlier }),
    ...(start && { start }),
    async openDataset<D>(data: unknown, request: Parameters<DatasetOpener['open']>[1]): Promise<D> {
      const openers = inOrder(registry, modality);
      for (const opener of openers) {
        if (!(await opener.accepts(data))) continue;
        try {
          return (await opener.open(data, request)) as D;
        } catch (error) {
          throw opener.procedural === true ? error : withKind(error, data, { registry, modality });
        }
      }
      const unknown = new SelfsupError(
        'SELFSUP_DATA',
        `${describe(data)} is nothing that data of the kind ${modality} can be opened from; there are openers for ${openers.map(({ name }) => name).join(', ') || 'nothing'}`,
      );
      throw withKind(unknown, data, { registry, modality });
    },
  };
}

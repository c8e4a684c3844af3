import { printable, SelfsupError } from '@selfsup/core';
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
      for (const opener of openers) if (await opener.accepts(data)) return (await opener.open(data, request)) as D;
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${describe(data)} is nothing that data of the kind ${modality} can be opened from; there are openers for ${openers.map(({ name }) => name).join(', ') || 'nothing'}`,
      );
    },
  };
}

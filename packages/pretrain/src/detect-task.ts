import type { Registry } from './registry.ts';

/** The task where neither the user nor the data says more. */
export const DEFAULT_TASK = 'simclr';

/**
 * Finds the task that fits data of which nobody says what to learn from it: the default task of the modality whose openers recognize it,
 * those that came last asked first, as openers are: what is more special goes before what is not.
 *
 * @param data a path, a name, or an object in memory
 * @param registry what there is
 * @returns the name of a task; `simclr` where nobody recognizes the data
 */
export async function detectTask(data: unknown, registry: Registry): Promise<string> {
  if (data === undefined) return DEFAULT_TASK;
  for (const { name, defaultTask } of [...registry.modalities.all].reverse()) {
    if (defaultTask === undefined) continue;
    for (const opener of registry.datasets)
      if (opener.modality === name && (await (opener.recognizes ?? opener.accepts)(data))) return defaultTask;
  }
  return DEFAULT_TASK;
}

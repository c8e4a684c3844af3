import type { RunData } from './modality.ts';
import { createOpenContext } from './open-dataset.ts';
import type { RunPlan } from './plan-run.ts';
import { readOwnFiles } from './run-files.ts';
import { assertSameData } from './same-data.ts';
import type { SessionContext } from './session-at-work.ts';

/** Opens the data of a run, and makes sure that it is the same when the run is continued. Internal. */
export async function openRunData(
  plan: RunPlan,
  { store, progress, start }: Pick<SessionContext, 'store' | 'progress' | 'start'>,
): Promise<RunData> {
  const { modality, registry, recipe, settings, options, data, earlier } = plan;
  const context = createOpenContext(registry, modality.name, {
    progress,
    earlier: earlier
      ? { input: earlier.input, files: await readOwnFiles(store, earlier) }
      : start && { input: start.description.input, files: start.description.files },
    start: !earlier && start !== undefined,
  });
  const opened = (await modality.open({ data, options, settings, recipe }, context)) as RunData;
  if (!earlier) return opened;
  assertSameData(opened, earlier, progress);
  return { ...opened, input: earlier.input };
}

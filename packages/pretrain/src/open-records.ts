import type { BuiltRun } from './build-run.ts';
import { describeRun } from './describe-run.ts';
import { openMetricsLog, type MetricsLog } from './metrics-log.ts';
import type { RunData } from './modality.ts';
import type { RunPlan } from './plan-run.ts';
import { changesOf, describeChange } from './run-changes.ts';
import type { RunFile } from './run-file.ts';
import { hashesOf } from './run-files.ts';
import { runFileNames, writeChecked } from './run-store.ts';
import type { SessionContext } from './session-at-work.ts';

/** A config that plans the same run again, whatever the machine: JSON for `--config`. */
function configOf({ settings, options, data }: RunPlan): string {
  const given = typeof data === 'string' ? { data } : {};
  return `${JSON.stringify({ ...given, ...settings, ...options }, null, 2)}\n`;
}

/** Begins the folder of a run: its files, and at the end run.json, from which on there is a run. */
async function writeBegin(
  { store, start, teacher, within }: SessionContext,
  { plan, file, files }: { plan: RunPlan; file: RunFile; files: Readonly<Record<string, string>> },
): Promise<void> {
  for (const [name, text] of Object.entries(files)) await store.write(name, new TextEncoder().encode(text));
  if (start) await store.write(runFileNames.start, start.bytes);
  if (teacher) await store.write(runFileNames.teacher, teacher.bytes);
  if (within) await store.write(runFileNames.config, new TextEncoder().encode(configOf(plan)));
  await store.write(runFileNames.metrics, new Uint8Array(0));
  await writeChecked(store, runFileNames.run, file);
}

/** run.json and the log of a run, written when it begins and when its settings change. */
export async function openRecords(
  context: SessionContext,
  { plan, data, built, reasons, step }: { plan: RunPlan; data: RunData; built: BuiltRun; reasons: readonly string[]; step: number },
): Promise<{ file: RunFile; files: Readonly<Record<string, string>>; log: MetricsLog }> {
  const { store, backend, start, teacher, progress } = context;
  const { settings, earlier } = plan;
  const files = data.files ?? {};
  const changes = earlier ? changesOf(earlier, { settings, step }) : [];
  const file: RunFile = earlier
    ? { ...earlier, settings, totalSteps: built.totalSteps, changes: [...earlier.changes, ...changes] }
    : { ...describeRun(plan, { data, built, backend, start, teacher, reasons }), files: await hashesOf(files) };
  for (const reason of reasons) progress.line(reason);
  if (!earlier) await writeBegin(context, { plan, file, files });
  const log = await openMetricsLog(store, { step });
  if (changes.length > 0) {
    await writeChecked(store, runFileNames.run, file);
    for (const line of changes.map(describeChange)) progress.line(line);
  }
  return { file, files, log };
}

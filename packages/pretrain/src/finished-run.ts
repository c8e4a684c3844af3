import { describeEncoder, keepEncoder } from './encoder-file.ts';
import { openMetricsLog } from './metrics-log.ts';
import type { RunPlan } from './plan-run.ts';
import type { RunFile } from './run-file.ts';
import { parseRunResult, type RunResult } from './run-result.ts';
import { readRunCheckpoint } from './run-checkpoint.ts';
import { readText, runFileNames, type RunStore } from './run-store.ts';
import { sha256 } from './sha256.ts';

const isSameBytes = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  one.length === other?.length && one.every((byte, i) => byte === other[i]);

/** The result of a store, unless there is none or it is damaged: then it can be written again. */
async function readResult(store: RunStore): Promise<RunResult | undefined> {
  const text = await readText(store, runFileNames.result);
  try {
    return text === undefined ? undefined : parseRunResult(text, runFileNames.result);
  } catch {
    return undefined;
  }
}

/**
 * What a run came to that has nothing left to do: all its updates are done, and all that it writes is there and belongs together.
 *
 * @param store where the run is kept
 * @param options the plan of this session, run.json, and whether a report is wanted
 * @returns its result and its encoder; undefined where something is left to do
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when checkpoint or metrics are damaged
 */
export async function readFinished(
  store: RunStore,
  { plan, earlier, report }: { plan: RunPlan; earlier: RunFile; report: boolean },
): Promise<{ readonly result: RunResult; readonly encoder: Uint8Array } | undefined> {
  const saved = await readRunCheckpoint(store);
  if (!saved || plan.settings.epochs !== earlier.settings.epochs) return undefined;
  const { bytes: checkpoint, step } = saved;
  const result = await readResult(store);
  if (step !== earlier.totalSteps || result?.steps !== step || result.checkpoint !== (await sha256(checkpoint))) return undefined;
  const names = await store.list();
  if (report && !names.includes(runFileNames.report)) return undefined;
  if ((await openMetricsLog(store, { step })).check !== result.metrics) return undefined;
  const { files } = await describeEncoder(checkpoint);
  for (const [name, text] of Object.entries(files)) if ((await readText(store, name)) !== text) return undefined;
  const encoder = await keepEncoder(checkpoint, earlier.encoder.prefix);
  return isSameBytes(encoder, await store.read(runFileNames.encoder)) ? { result, encoder } : undefined;
}

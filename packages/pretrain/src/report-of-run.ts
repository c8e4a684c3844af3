import { isSelfsupError, SelfsupError } from '@selfsup/core';
import { collectReport } from './collect-report.ts';
import { openSamplesFor } from './evaluate-encoder.ts';
import { encodeBank } from './knn-probe.ts';
import type { LoadedEncoder } from './load-encoder.ts';
import type { MetricsRecord } from './metrics-log.ts';
import type { Progress } from './progress.ts';
import type { Registry } from './registry.ts';
import type { RunResult } from './run-result.ts';
import type { ReportData, Section } from './section.ts';

/** What {@link reportOfRun} needs. */
export interface ReportOfRunContext {
  /** Knows the run's task and modality. */
  readonly registry: Registry;
  /** How the run ended, or how far it is. */
  readonly result: RunResult;
  /** The lines of metrics.jsonl, in order. */
  readonly records: readonly MetricsRecord[];
  /** Sections to add, such as label curves. */
  readonly more: readonly Section[];
  /** Shows progress. */
  readonly progress: Progress;
}

/**
 * Gathers the report of a finished run again, from its folder and its data.
 *
 * @param encoder from `loadEncoder`
 * @param context see {@link ReportOfRunContext}
 * @returns what `renderReport` of `@selfsup/report` draws; without map and neighbors where the data is not there any more, which `progress` is told
 */
export async function reportOfRun(encoder: LoadedEncoder, context: ReportOfRunContext): Promise<ReportData> {
  const { registry, result, records, more, progress } = context;
  const { run, modality, module, files } = encoder;
  if (!run) throw new SelfsupError('SELFSUP_OPTION', `${encoder.origin} was not trained by selfsup, so there is no run to report on`);
  const encoded = await openSamplesFor(encoder)
    .then(({ train, test }) =>
      encodeBank(module, { modality, train, test, settings: run.settings, encoding: { input: run.input, files, progress } }, 'trained'),
    )
    .catch((error: unknown) => {
      if (isSelfsupError(error) && error.code === 'SELFSUP_CHECKPOINT') throw error; // a damaged file is not data that went elsewhere
      progress.warn(`the report shows no map and no neighbors: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    });
  return collectReport({ run, recipe: registry.tasks.get(run.settings.task), modality, result, records, encoded, more, progress });
}

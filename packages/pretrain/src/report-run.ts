import { isSelfsupError, SelfsupError } from '@selfsup/core';
import { buildRun } from './build-run.ts';
import { startAloneOf } from './start-alone.ts';
import { loadEncoder } from './load-encoder.ts';
import { assertReaches, parseMetrics, type MetricsRecord } from './metrics-log.ts';
import { planRun } from './plan-run.ts';
import { openRunData } from './open-run-data.ts';
import { keptEncoder } from './start-encoder.ts';
import { openTeacher } from './teacher.ts';
import type { Comparison, Probe } from './probe.ts';
import { probesOfRun } from './probes-of-run.ts';
import { silentProgress, type Progress } from './progress.ts';
import type { Registry } from './registry.ts';
import { reportOfRun } from './report-of-run.ts';
import { parseRunFile, type RunFile } from './run-file.ts';
import { parseRunResult, type RunResult } from './run-result.ts';
import { readText, runFileNames, type RunStore } from './run-store.ts';
import type { ReportData, Section } from './section.ts';
import { measuresIn } from './start-probes.ts';
import { sha256 } from './sha256.ts';
import { judge } from './verdict.ts';

/** What {@link reportRun} needs beside the run. */
export interface ReportRunOptions {
  /** Whoever brought task, modality and encoder of the run. */
  registry: Registry;
  /** Sections to add, such as label curves; default none. */
  more?: readonly Section[];
  /** Shows progress; default nobody looks. */
  progress?: Progress;
}

/** What only the task at work can tell of a run. */
interface Reopened {
  readonly probes: readonly Probe[];
  readonly sections: readonly Section[];
}

/** Builds a run again, at its checkpoint; functions of a config are not needed where the networks are the same without them. */
async function reopen(
  store: RunStore,
  { file, checkpoint, registry, progress }: { file: RunFile; checkpoint: Uint8Array; registry: Registry; progress: Progress },
): Promise<Reopened> {
  const earlier = { ...file, brought: { ...file.brought, functions: [] } };
  const plan = planRun({ resume: true }, { registry, earlier });
  const { modality } = plan;
  const data = await openRunData(plan, { store, progress });
  const kept = await keptEncoder(store, file, 'teacher');
  const opened = kept && (await openTeacher(kept, registry));
  const built = buildRun(plan, data, { teacher: opened?.teacher });
  opened?.dispose();
  const { trainer } = built;
  try {
    await trainer.restore(checkpoint);
    const encoding = { input: file.input, files: data.files ?? {}, progress };
    const { context, knn, own } = probesOfRun(plan, { data, built, file, encoding });
    return { probes: [...(knn ? [knn] : []), ...own], sections: (await modality.sections?.(context)) ?? [] };
  } finally {
    trainer.dispose();
  }
}

/** How the last measurement of each probe compares, as metrics.jsonl has it. */
function compareAll(probes: readonly Probe[], records: readonly MetricsRecord[]) {
  const found: RunResult['probes'][string][] = [];
  const names: string[] = [];
  const comparisons: Comparison[] = [];
  for (const probe of probes) {
    const own = records.filter(({ type }) => type === probe.name);
    const [first, last] = [own.find(({ step }) => step === 0), own.findLast(({ step }) => step > 0)];
    if (!first || !last) continue;
    const [baselines, trained] = [measuresIn(first), measuresIn(last)];
    names.push(probe.name);
    found.push({ trained, baselines });
    comparisons.push(...probe.compare(trained, baselines));
  }
  return { comparisons, probes: Object.fromEntries(names.map((name, i) => [name, found[i]!])) };
}

/** What a run came to that has not ended. */
async function resultSoFar(
  { file, checkpoint, step }: { file: RunFile; checkpoint: Uint8Array; step: number },
  { records, probes }: { records: readonly MetricsRecord[]; probes: readonly Probe[] },
): Promise<RunResult> {
  const { settings, dataset, stepsPerEpoch, totalSteps } = file;
  const { comparisons, probes: measured } = compareAll(probes, records);
  const losses = records.filter(({ type }) => type === 'step').map((record) => Number(record['loss']));
  const lastEpoch = losses.slice(-stepsPerEpoch);
  const alarms = records
    .filter(({ type }) => type === 'alarm')
    .map(({ kind, metric, value, threshold, step: at }) => ({
      ...{ kind: String(kind), metric: String(metric), value: Number(value), threshold: Number(threshold), step: at },
    }));
  const health = records.findLast(({ type }) => type === 'health');
  return {
    ...{ task: settings.task, modality: file.modality, dataset: dataset.name, encoder: file.encoder.name, backend: file.backend },
    ...{ epochs: Math.floor(step / stepsPerEpoch), steps: step, stoppedBy: 'interrupt' },
    seconds: records.reduce((longest, { seconds }) => Math.max(longest, seconds), 0),
    ...{ trainSamples: dataset.train, testSamples: dataset.test },
    ...(losses.length > 0 && {
      lastLoss: losses.at(-1)!,
      lastEpochLoss: lastEpoch.reduce((sum, loss) => sum + loss, 0) / lastEpoch.length,
    }),
    ...{ probes: measured, comparisons },
    verdict: [
      `This run is not finished: it stands after update ${step} of ${totalSteps}.`,
      ...judge(comparisons, alarms.length, startAloneOf(file, step)),
    ],
    ...(health && { health: measuresIn(health) }),
    ...{ alarms, skipped: [], facts: {}, checkpoint: await sha256(checkpoint), metrics: '', run: '' },
  };
}

/**
 * Gathers the report of a run again, finished or not, from what its store holds and its data. A backend must be in force.
 *
 * @param store where the run is kept
 * @param options see {@link ReportRunOptions}
 * @returns what `renderReport` of `@selfsup/report` draws; what needs data that is not there any more is left out, which `progress` is told
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no run, or no checkpoint yet, or one that is damaged; `SELFSUP_OPTION` when nobody brings the task
 */
export async function reportRun(store: RunStore, options: ReportRunOptions): Promise<ReportData> {
  const { registry, more = [], progress = silentProgress } = options;
  const [text, checkpoint] = [await readText(store, runFileNames.run), await store.read(runFileNames.checkpoint)];
  if (text === undefined || !checkpoint)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${store.name} holds ${text === undefined ? 'no run' : 'no checkpoint yet'}, so there is nothing to report; train first`,
    );
  const file = parseRunFile(text, `${store.name}/${runFileNames.run}`);
  registry.tasks.get(file.settings.task);
  const loaded = await loadEncoder(checkpoint, { registry, progress });
  const encoder = { ...loaded, run: file }; // which also says where the data is
  try {
    const { step } = encoder;
    const kept = await readText(store, runFileNames.result);
    const ended = kept === undefined ? undefined : parseRunResult(kept, `${store.name}/${runFileNames.result}`);
    const finished = ended?.steps === step ? ended : undefined; // a run that is continued for more epochs has that of the shorter one until it ends
    const written = await readText(store, runFileNames.metrics);
    const name = `${store.name}/${runFileNames.metrics}`;
    const all = parseMetrics(written ?? '', { name, ...(finished && { until: finished.metrics }) });
    const records = all.filter((record) => record.step <= step); // what a kill lost may be there, too
    if (written !== undefined) assertReaches(records, { step, name });
    else progress.warn(`${name} is not there; the report shows nothing of how the training went`);
    const reopened = await reopen(store, { file, checkpoint, registry, progress }).catch((error: unknown): Reopened => {
      if (isSelfsupError(error) && error.code === 'SELFSUP_CHECKPOINT') throw error; // a damaged file is not data that went elsewhere
      progress.warn(`the report leaves out what the task itself can show: ${error instanceof Error ? error.message : String(error)}`);
      return { probes: [], sections: [] };
    });
    const result = finished ?? (await resultSoFar({ file, checkpoint, step }, { records, probes: reopened.probes }));
    return await reportOfRun(encoder, { registry, result, records, more: [...reopened.sections, ...more], progress });
  } finally {
    encoder.dispose();
  }
}

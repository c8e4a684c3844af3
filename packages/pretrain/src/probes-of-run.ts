import type { BuiltRun } from './build-run.ts';
import { createKnnProbe, hasLabels, type KnnProbe, type KnnProbeOptions } from './knn-probe.ts';
import type { EncodeOptions, ProbeContext, RunData } from './modality.ts';
import type { RunPlan } from './plan-run.ts';
import type { Probe } from './probe.ts';
import type { RunFile } from './run-file.ts';
import { RANDOM } from './start-alone.ts';

/** What the encoder of a run began with, as its kNN probe takes it. */
const startOf = ({ init, settings }: RunFile): NonNullable<KnnProbeOptions['start']> => {
  if (init) return 'run';
  if (settings.start === RANDOM) return 'fresh';
  return settings.epochs === 0 ? 'data only' : 'data';
};

/** What judges a run. */
export interface ProbesOfRun {
  /** What probes and sections of the modality are told. */
  readonly context: ProbeContext;
  /** Undefined without labels. */
  readonly knn: KnnProbe | undefined;
  /** Those of the modality. */
  readonly own: readonly Probe[];
}

/** The probes of a built run; nothing is measured yet. Internal. */
export function probesOfRun(
  { modality, settings, options, recipe }: RunPlan,
  { data, built, file, encoding }: { data: RunData; built: BuiltRun; file: RunFile; encoding: Omit<EncodeOptions, 'stage'> },
): ProbesOfRun {
  const { trainer, encoder, features, totalSteps, createUntrained } = built;
  const { train, test, unit } = data;
  const context: ProbeContext = {
    ...{ data, settings, options, recipe, taskOptions: settings.taskOptions, task: trainer.run, encoder },
    ...{ totalSteps: Math.max(1, totalSteps), run: file, encoding },
  };
  const knn = hasLabels(data)
    ? createKnnProbe(features, { modality, train, test, settings, encoding, start: startOf(file), createUntrained, unit })
    : undefined;
  return { context, knn, own: modality.probes?.(context) ?? [] };
}

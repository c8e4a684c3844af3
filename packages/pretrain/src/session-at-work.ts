import type { SelectedBackend } from '@selfsup/backends';
import type { Collective } from '@selfsup/core';
import type { BuiltRun } from './build-run.ts';
import type { RunEvent } from './events.ts';
import type { MetricsLog } from './metrics-log.ts';
import type { EncodeOptions, RunData } from './modality.ts';
import type { RunPlan } from './plan-run.ts';
import type { OnlineProbe } from './online-probe.ts';
import type { Measures, Probe } from './probe.ts';
import type { Progress } from './progress.ts';
import type { SessionOptions } from './run-config.ts';
import type { RunFile } from './run-file.ts';
import type { RunStore } from './run-store.ts';
import type { StartEncoder } from './start-encoder.ts';
import { rounded, type Watch } from './watch.ts';
import type { WithinOptions } from './within-minutes.ts';

/** What a session needs beside its plan. */
export interface SessionContext {
  readonly store: RunStore;
  readonly backend: SelectedBackend;
  readonly session: SessionOptions;
  /** The encoder that the run starts from; undefined: fresh weights. */
  readonly start?: StartEncoder | undefined;
  /** The encoder that the task learns from, where it learns from one. */
  readonly teacher?: StartEncoder | undefined;
  /** The time that the run must fit into, and what the user gave, where the plan is to be chosen by it. */
  readonly within?: Pick<WithinOptions, 'config' | 'minutes' | 'began'> | undefined;
  readonly report: boolean;
  /** How an option is written where the user wrote it. */
  readonly nameOf: (name: string) => string;
  readonly emit: (event: RunEvent) => Promise<void>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The ranks that train together; rank 0 alone measures, reports and writes. */
  readonly collective: Collective;
  /** Called once when nothing more is to be said to the others. */
  readonly onTrained?: (() => void | Promise<void>) | undefined;
}

/** A session at work: what its parts share. */
export interface Session extends SessionContext {
  readonly plan: RunPlan;
  readonly data: RunData;
  readonly built: BuiltRun;
  readonly file: RunFile;
  readonly log: MetricsLog;
  readonly encoding: Omit<EncodeOptions, 'stage'>;
  readonly probes: readonly ProbeAtWork[];
  readonly watch: Watch;
  /** The classifier that learns beside the run; undefined: none. */
  readonly online: OnlineProbe | undefined;
}

/** A probe with what it is compared with. */
export interface ProbeAtWork {
  readonly probe: Probe;
  readonly baselines: Measures;
}

/** Numbers as they are written. */
export const roundedAll = (measures: Measures): Measures =>
  Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, rounded(value)]));

/** Measures with all probes now, unless that was done at this step. */
export async function measureProbes(
  session: Pick<Session, 'probes' | 'log' | 'emit'>,
  at: { step: number; epoch: number; seconds: number },
): Promise<Measures[]> {
  const { probes, log, emit } = session;
  const found: Measures[] = [];
  for (const { probe } of probes) {
    const measures = roundedAll(await probe.measure());
    found.push(measures);
    if (log.records.some((record) => record.type === probe.name && record.step === at.step)) continue;
    await log.append({ type: probe.name, step: at.step, epoch: rounded(at.epoch), seconds: rounded(at.seconds), ...measures });
    await emit({ type: 'probe', probe: probe.name, epoch: rounded(at.epoch), step: at.step, measures, text: probe.describe(measures) });
  }
  return found;
}

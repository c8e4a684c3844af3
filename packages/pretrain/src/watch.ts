import { createCollapseMonitor, type CollapseAlarmEvent, type CollapseMonitorOptions, type RepresentationHealth } from '@selfsup/evaluate';
import type { RunEvent } from './events.ts';
import type { FeatureHealth } from './feature-health.ts';
import type { MetricsLog, MetricsRecord } from './metrics-log.ts';
import type { Measures } from './probe.ts';

/** When something was measured. */
export type Moment = Pick<MetricsRecord, 'step' | 'epoch' | 'seconds'>;

/** Watches a run for collapse, and tells of it in metrics.jsonl and by events. */
export interface Watch {
  /** Judges the metrics of a step; `step` counts from 0, `at` is the moment after it. */
  onStep(report: { readonly step: number; readonly metrics: Readonly<Record<string, number>> }, at: Moment): Promise<void>;
  /** Measures and judges the features; of the untrained encoder they are not judged. */
  measure(what: string, at: Moment): Promise<Measures | undefined>;
}

/** Six digits, as numbers are written. */
export const rounded = (value: number) => Number(value.toPrecision(6));

/** The values of a measurement as they are written. */
const healthMeasures = ({ rows, dim, std, rank, uniformity, alignment, lidar }: RepresentationHealth): Measures => ({
  rows,
  dim,
  std: rounded(std),
  rank: rounded(rank),
  uniformity: rounded(uniformity),
  ...(alignment !== undefined && { alignment: rounded(alignment) }),
  ...(lidar !== undefined && { lidar: rounded(lidar) }),
});

/**
 * Watches a run: of each measurement and each alarm it writes one line, once, also when the run is resumed.
 *
 * @param log the run's metrics
 * @param options the rules of the task, how features are measured, and who is told
 * @returns see {@link Watch}
 */
export function createWatch(
  log: MetricsLog,
  options: { rules: Omit<CollapseMonitorOptions, 'earlier' | 'onAlarm'>; health: FeatureHealth; emit: (event: RunEvent) => Promise<void> },
): Watch {
  const { rules, health, emit } = options;
  const raised: CollapseAlarmEvent[] = [];
  const monitor = createCollapseMonitor({
    ...rules,
    earlier: log.records.filter(({ type }) => type === 'alarm') as unknown as CollapseAlarmEvent[],
    onAlarm: (alarm) => raised.push(alarm),
  });
  const start = log.records.find(({ type, step }) => type === 'health' && step === 0);
  if (start) monitor.judge(start as unknown as RepresentationHealth, { step: 0 });
  const tell = async ({ step, epoch, seconds }: Moment) => {
    for (const { kind, metric, value, threshold, likelyCause, advice, message } of raised.splice(0)) {
      const fields = { kind, metric, value: rounded(value), threshold: rounded(threshold), likelyCause, advice };
      await log.append({ type: 'alarm', step, epoch: rounded(epoch), seconds: rounded(seconds), ...fields });
      await emit({ type: 'alarm', step, kind, metric, value: fields.value, threshold: fields.threshold, message, advice });
    }
  };
  return {
    async onStep(report, at) {
      monitor.onStep(report);
      if (raised.length > 0) await tell(at);
    },
    async measure(what, at) {
      const found = await health(what);
      if (!found) return undefined;
      const measures = healthMeasures(found);
      const { step, epoch, seconds } = at;
      if (!log.records.some((record) => record.type === 'health' && record.step === step)) {
        await log.append({ type: 'health', step, epoch: rounded(epoch), seconds: rounded(seconds), ...measures });
        await emit({ type: 'health', epoch: rounded(epoch), step, measures });
      }
      monitor.judge(found, { step });
      await tell(at);
      return measures;
    },
  };
}

import { createCollapseMonitor, type CollapseAlarmEvent, type CollapseMonitorOptions, type RepresentationHealth } from '@selfsup/evaluate';
import type { Output } from '../output/output.ts';
import type { MetricsRecord, RunFolder } from '../run-folder.ts';

/** When something was measured. */
export type Moment = Pick<MetricsRecord, 'step' | 'epoch' | 'seconds'>;

/** Options of {@link createRunWatch}. */
export interface RunWatchOptions extends Pick<CollapseMonitorOptions, 'embeddingDim'> {
  /** Of the task's target network. */
  momentum?: number | undefined;
  folder: RunFolder;
  output: Output;
  /** Measures the features of the encoder; absent on text. */
  measure?: (what: string) => Promise<RepresentationHealth | undefined>;
}

/** Watches a run for collapse, and tells of it in metrics.jsonl, in JSON lines and to people. */
export interface RunWatch {
  /** Judges the metrics of a step; `step` counts from 0, `at` is the moment after it. */
  readonly onStep: (report: { readonly step: number; readonly metrics: Readonly<Record<string, number>> }, at: Moment) => void;
  /** Measures and judges the features; of the untrained encoder they are not judged. Gives what was measured. */
  readonly measure: (what: string, at: Moment) => Promise<RepresentationHealth | undefined>;
}

const rounded = (value: number) => Number(value.toPrecision(6));

/** The values of a measurement as they are written. */
export const healthFields = ({ rows, dim, std, rank, uniformity, alignment }: RepresentationHealth) => ({
  ...{ rows, dim, std: rounded(std), rank: rounded(rank), uniformity: rounded(uniformity) },
  ...(alignment === undefined ? {} : { alignment: rounded(alignment) }),
});

/** The alarms among the lines of metrics.jsonl. */
export const alarmsOf = (records: readonly MetricsRecord[]): MetricsRecord[] => records.filter(({ type }) => type === 'alarm');

/**
 * Watches a run: of each measurement and each alarm it writes one line, once, also when the run is resumed.
 *
 * @param options see {@link RunWatchOptions}
 * @returns see {@link RunWatch}
 */
export function createRunWatch(options: RunWatchOptions): RunWatch {
  const { folder, output, measure, embeddingDim, momentum } = options;
  let moment: Moment = { step: 0, epoch: 0, seconds: 0 };
  const onAlarm = ({ kind, metric, value, threshold, likelyCause, advice, message }: CollapseAlarmEvent) => {
    const { step, epoch, seconds } = moment;
    const fields = { kind, metric, value: rounded(value), threshold: rounded(threshold), likelyCause, advice };
    folder.appendMetrics({ type: 'alarm', step, epoch: rounded(epoch), seconds: rounded(seconds), ...fields });
    output.event('alarm', { step, ...fields });
    output.warn(`selfsup: alarm after update ${step}: ${message}. What helps: ${advice}`);
  };
  const earlier = alarmsOf(folder.readMetrics()) as unknown as CollapseAlarmEvent[];
  const monitor = createCollapseMonitor({ embeddingDim, ...(momentum === undefined ? {} : { momentum }), earlier, onAlarm });
  const start = folder.readMetrics().find(({ type, step }) => type === 'health' && step === 0);
  if (start) monitor.judge(start as unknown as RepresentationHealth, { step: 0 });
  return {
    onStep(report, at) {
      moment = at;
      monitor.onStep(report);
    },
    async measure(what, at) {
      const health = await measure?.(what);
      if (!health) return undefined;
      const fields = healthFields(health);
      const { step, epoch, seconds } = at;
      if (!folder.readMetrics().some((record) => record.type === 'health' && record.step === step)) {
        folder.appendMetrics({ type: 'health', step, epoch: rounded(epoch), seconds: rounded(seconds), ...fields });
        output.event('health', { epoch: rounded(epoch), step, ...fields });
      }
      moment = at;
      monitor.judge(health, { step });
      return health;
    },
  };
}

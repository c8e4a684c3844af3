import { readText, runFileNames, type RunStore } from './run-store.ts';

/** A line of metrics.jsonl. `step` counts updates that are done. */
export interface MetricsRecord {
  /** `step` after an update, `health` of the features, `alarm`, or the name of a probe. */
  readonly type: string;
  /** Updates done. */
  readonly step: number;
  /** Passes over the data, with fractions. */
  readonly epoch: number;
  /** Seconds of training until here, over all sessions of the run. */
  readonly seconds: number;
  /** Loss, learning rate, accuracy … */
  readonly [metric: string]: number | string;
}

/** The lines of metrics.jsonl. */
export interface MetricsLog {
  readonly records: readonly MetricsRecord[];
  /** Adds a line. */
  append(record: MetricsRecord): Promise<void>;
  /** Drops what is said about updates after `step`. */
  truncate(step: number): Promise<void>;
}

const isRecord = (value: unknown): value is MetricsRecord => {
  if (typeof value !== 'object' || value === null) return false;
  const { type, step, epoch, seconds } = value as Partial<MetricsRecord>;
  return typeof type === 'string' && typeof step === 'number' && typeof epoch === 'number' && typeof seconds === 'number';
};

/** The records of a text; lines that are none (the end that a kill cut off) are left out. */
export function parseMetrics(text: string): MetricsRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isRecord(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

const lineOf = (record: MetricsRecord) => `${JSON.stringify(record)}\n`;

/**
 * Opens the metrics of a run.
 *
 * @param store where the run is kept
 * @returns see {@link MetricsLog}
 */
export async function openMetricsLog(store: RunStore): Promise<MetricsLog> {
  let records = parseMetrics((await readText(store, runFileNames.metrics)) ?? '');
  return {
    get records() {
      return records;
    },
    append(record) {
      records.push(record);
      return store.append(runFileNames.metrics, lineOf(record));
    },
    async truncate(step) {
      records = records.filter((record) => record.step <= step);
      await store.write(runFileNames.metrics, new TextEncoder().encode(records.map(lineOf).join('')));
    },
  };
}

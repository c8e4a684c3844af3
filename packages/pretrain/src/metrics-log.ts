import { SelfsupError } from '@selfsup/core';
import { crc32 } from './crc-32.ts';
import { readText, runFileNames, type RunStore } from './run-store.ts';

/** A line of metrics.jsonl. `step` counts updates that are done. */
export interface MetricsRecord {
  /** `step` after an update, `health` of the features, `alarm`, `lost` where lines were taken away, or the name of a probe. */
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
  /** The `check` of the last line; empty where there is none. */
  readonly check: string;
  /** Adds a line. */
  append(record: MetricsRecord): Promise<void>;
}

const isRecord = (value: unknown): value is MetricsRecord => {
  if (typeof value !== 'object' || value === null) return false;
  const { type, step, epoch, seconds } = value as Partial<MetricsRecord>;
  const isFlat = Object.values(value).every((part) => typeof part !== 'object' || part === null); // null: how JSON writes NaN
  return isFlat && typeof type === 'string' && typeof step === 'number' && typeof epoch === 'number' && typeof seconds === 'number';
};

/** A record as a line; its `check` depends on all lines before it, so that none can be lost or change its place unseen. */
function lineOf(record: MetricsRecord, before: string): { line: string; check: string } {
  const check = crc32(before + JSON.stringify(record));
  return { line: JSON.stringify({ ...record, check }), check };
}

function parseLine(line: string, before: string): { record: MetricsRecord; check: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const record = Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'check')) as MetricsRecord;
  const written = lineOf(record, before);
  return written.line === line ? { record, check: written.check } : undefined;
}

/** Options of {@link parseMetrics}. */
export interface ParseMetricsOptions {
  /** The file as messages name it; default `metrics.jsonl`. */
  name?: string;
  /** The `metrics` of a result.json: the lines that it speaks of must be there, and only they are returned; default all. */
  until?: string;
}

/**
 * Reads the content of a metrics.jsonl.
 *
 * @param text the file's content
 * @param options see {@link ParseMetricsOptions}
 * @returns its records without their `check`; a last line that a kill cut off (it has no end) is left out
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on a line that is not as it was written, and when lines until `until` are missing
 */
export function parseMetrics(text: string, options: ParseMetricsOptions = {}): MetricsRecord[] {
  const { name = runFileNames.metrics, until } = options;
  const lines = text.split('\n').slice(0, -1);
  const records: MetricsRecord[] = [];
  let before = '';
  for (const [i, line] of lines.entries()) {
    if (before === until) return records;
    const found = parseLine(line, before);
    if (!found)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${name} is damaged: line ${i + 1} is not as it was written; restore it, or remove it to go on without what it says`,
      );
    records.push(found.record);
    before = found.check;
  }
  if (until !== undefined && before !== until)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${name} does not hold the lines that ${runFileNames.result} speaks of; restore it, or write both again by resuming the run`,
    );
  return records;
}

/**
 * Refuses metrics that end before the checkpoint does. Internal.
 *
 * @param records all lines until `step`
 * @param options the updates that the checkpoint has seen, and the file as messages name it
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when lines about updates until `step` are missing
 */
export function assertReaches(records: readonly MetricsRecord[], { step, name }: { step: number; name: string }): void {
  if (step > 0 && !records.some((record) => record.step === step && (record.type === 'step' || record.type === 'lost')))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${name} is cut off: the checkpoint has seen ${step} updates, of which its last lines are missing; restore it, or remove it to go on without what it says`,
    );
}

/**
 * Opens the metrics of a run, and drops what they say about updates after `step`, and a line that was cut off.
 *
 * @param store where the run is kept
 * @param options the updates that the checkpoint has seen; 0 without one
 * @returns see {@link MetricsLog}; of a file that was taken away, a line `lost` says so
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on a damaged line, and when lines about updates until `step` are missing
 */
export async function openMetricsLog(store: RunStore, { step }: { step: number }): Promise<MetricsLog> {
  const name = `${store.name}/${runFileNames.metrics}`;
  const text = await readText(store, runFileNames.metrics);
  const records: MetricsRecord[] = [];
  let check = '';
  const add = (record: MetricsRecord) => {
    const written = lineOf(record, check);
    records.push(record);
    check = written.check;
    return `${written.line}\n`;
  };
  const all = text === undefined && step > 0 ? [{ type: 'lost', step, epoch: 0, seconds: 0 }] : parseMetrics(text ?? '', { name });
  const kept = all.filter((record) => record.step <= step).map(add);
  assertReaches(records, { step, name });
  if (kept.join('') !== text) await store.write(runFileNames.metrics, new TextEncoder().encode(kept.join('')));
  return {
    records,
    get check() {
      return check;
    },
    append: (record) => store.append(runFileNames.metrics, add(record)),
  };
}

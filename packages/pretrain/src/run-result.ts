import { fromCheckedJson } from './checked-json.ts';
import type { Comparison, Measures } from './probe.ts';
import type { Skipped } from './modality.ts';

/** What a run came to: result.json. */
export interface RunResult {
  /** The name of the task. */
  readonly task: string;
  /** The name of the modality. */
  readonly modality: string;
  /** As messages call the data. */
  readonly dataset: string;
  /** The name of the encoder. */
  readonly encoder: string;
  /** The tfjs backend that computed. */
  readonly backend: string;
  /** The backend of the last session in words: its build, its threads, and why there are not more. Only of finished runs. */
  readonly backendDescription?: string;
  /** Whole passes over the data. */
  readonly epochs: number;
  /** Updates done. */
  readonly steps: number;
  /** Why training ended: all epochs done, the time limit, or an interrupt, of which only reports know. */
  readonly stoppedBy: 'end' | 'time' | 'interrupt';
  /** Of training, over all sessions; probes do not count. */
  readonly seconds: number;
  /** Per second of training in the last session that trained: as a whole, and of its parts alone; of those that took next to no time nothing is said. */
  readonly throughput?: { readonly unit: string; readonly perSecond: number; readonly preparing?: number; readonly training?: number };
  /** Samples to learn from. */
  readonly trainSamples: number;
  /** Samples to judge by; 0 where there are none. */
  readonly testSamples: number;
  /** Of the last update. */
  readonly lastLoss?: number;
  /** The mean over the updates of the last epoch. */
  readonly lastEpochLoss?: number;
  /** By the name of the probe: of the trained encoder, and what it is compared with. */
  readonly probes: Readonly<Record<string, { readonly trained: Measures; readonly baselines: Measures }>>;
  /** The same as sentences can be made of it. */
  readonly comparisons: readonly Comparison[];
  /** In plain words: whether it worked, and what to try next. */
  readonly verdict: readonly string[];
  /** The encoder's own output, whatever its readout makes of it: how many rows, columns, deviation per dimension, effective rank, uniformity, and alignment of the run's views. */
  readonly health?: Measures;
  /** What looked like a collapse while it trained. */
  readonly alarms: readonly {
    readonly kind: string;
    readonly metric: string;
    readonly value: number;
    readonly threshold: number;
    readonly step: number;
  }[];
  /** What could not be used. */
  readonly skipped: readonly Skipped[];
  /** Further facts about the data, such as the speed of the first reading. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** The sha256 of checkpoint.safetensors. */
  readonly checkpoint: string;
  /** The `check` of the last line of metrics.jsonl that went in, see `parseMetrics`. */
  readonly metrics: string;
  /** Where the run is kept. */
  readonly run: string;
}

/**
 * Reads the text of a result.json.
 *
 * @param text the file's content
 * @param name the file as messages name it
 * @returns its content without its `check`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged
 */
export function parseRunResult(text: string, name: string): RunResult {
  return fromCheckedJson(text, { name, advice: 'restore it, or write it again by resuming the run' }) as RunResult;
}

import type { LabelCurveRow } from '@selfsup/evaluate';
import type { MetricsRecord } from '../run-folder.ts';
import type { FilledText } from '../text/fill-in-examples.ts';
import type { TextRunFile } from '../text/text-run-file.ts';
import type { TextRunResult } from '../text/text-run-result.ts';

/** The content of `fine-tune-*.json` in the folder of a run. */
export interface FineTuneRecord {
  /** The labeled texts, such as `trec/train.txt`. */
  readonly train: string;
  /** The texts that were classified. */
  readonly test: string;
  readonly testTexts: number;
  /** Updates that the encoder had seen. */
  readonly steps: number;
  /** A deviation of one seed alone, not a number, is null here. */
  readonly rows: readonly (Omit<LabelCurveRow, 'deviation'> & { readonly deviation: number | null })[];
}

/** All that the page of a run on text shows. */
export interface TextReportData {
  readonly run: TextRunFile;
  readonly metrics: readonly MetricsRecord[];
  readonly result: TextRunResult;
  /** Held-out sentences with guesses; none where the text is not there any more. */
  readonly examples: readonly FilledText[];
  readonly fineTuned: readonly FineTuneRecord[];
}

import type { EncodedBank } from './knn-probe.ts';
import type { MetricsRecord } from './metrics-log.ts';
import type { AnyModality } from './modality.ts';
import type { Progress } from './progress.ts';
import type { RunFile } from './run-file.ts';
import type { RunResult } from './run-result.ts';
import type { Section } from './section.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';

/** What `collectReport` needs. */
export interface CollectReportContext {
  /** What run.json says. */
  readonly run: RunFile;
  /** The recipe of the task. */
  readonly recipe: AnyTaskRecipe;
  /** What the data are. */
  readonly modality: AnyModality;
  /** How the run ended. */
  readonly result: RunResult;
  /** The lines of metrics.jsonl, in order. */
  readonly records: readonly MetricsRecord[];
  /** The features of the trained encoder; without them there is no map. */
  readonly encoded?: EncodedBank | undefined;
  /** Sections of the modality, and of what was fine-tuned. */
  readonly more: readonly Section[];
  /** Shows progress. */
  readonly progress: Progress;
}

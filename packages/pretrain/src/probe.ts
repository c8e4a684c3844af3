import type { AnyPretextTaskRun } from '@selfsup/core';
import type { EncodeOptions, AnyModule, RunData } from './modality.ts';
import type { RunFile } from './run-file.ts';
import type { Settings } from './settings.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';

/** Numbers by name. */
export type Measures = Readonly<Record<string, number>>;

/** One line of the result: what was reached, and with what it is compared. */
export interface Comparison {
  /** What is measured, such as `kNN`. */
  readonly title: string;
  /** After the numbers, such as `%` or `nats`. */
  readonly unit: string;
  /** Which is better. */
  readonly better: 'higher' | 'lower';
  /** Of the trained encoder. */
  readonly trained: number;
  /** Of what it must beat, by name, such as `the untrained encoder` or `raw pixels`. */
  readonly baselines: Readonly<Record<string, number>>;
  /** Differences below it say nothing; default 0. */
  readonly margin?: number;
  /** What to make of it where `trained` does not beat every baseline by the margin; told to people then. Default nothing. */
  readonly advice?: string;
}

/** A measurement of what is trained, before, between and after epochs. */
export interface Probe {
  /** Kebab-case; the type of its lines in metrics.jsonl, such as `knn`. */
  readonly name: string;
  /** Before the first update: the untrained encoder and what else it is compared with. */
  baselines(): Promise<Measures>;
  /** Of the encoder as it is now. */
  measure(): Promise<Measures>;
  /** A measurement for people, such as `kNN 63.70 %`. */
  describe(measures: Measures): string;
  /** How the last measurement compares. */
  compare(trained: Measures, baselines: Measures): readonly Comparison[];
}

/** What probes and sections know. */
export interface ProbeContext<D extends RunData = RunData, O extends object = object> {
  readonly data: D;
  readonly settings: Settings;
  readonly options: O;
  readonly recipe: AnyTaskRecipe;
  readonly taskOptions: Readonly<Record<string, unknown>>;
  /** The task at work, with its networks. */
  readonly task: AnyPretextTaskRun;
  /** The encoder that is kept. */
  readonly encoder: AnyModule;
  readonly totalSteps: number;
  /** run.json. */
  readonly run: RunFile;
  /** For encoding: input, files, progress. */
  readonly encoding: Omit<EncodeOptions, 'stage'>;
}

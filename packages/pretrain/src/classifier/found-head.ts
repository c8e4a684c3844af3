import { fitTemperature, type FeatureMatrix, type LinearClassifier } from '@selfsup/evaluate';
import type { AnyModule } from '../modality.ts';
import type { Samples } from '../samples.ts';

/** Labeled samples that can be read. */
export interface Labeled {
  readonly samples: Samples;
  readonly indices: Int32Array;
  readonly labels: Int32Array;
}

/** What one of the methods finds. */
export interface FoundHead {
  readonly head: LinearClassifier;
  readonly module?: AnyModule;
  readonly temperature: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** Logits of labels by classifiers that have not seen them, and which of the chosen they are of; absent where there are none. */
  readonly unseen?: { readonly logits: FeatureMatrix; readonly rows: Int32Array; readonly by: 'cross-validation' | 'held-out part' };
}

/** The labels of some samples. */
export const labelsAt = (labels: Int32Array, indices: Int32Array) => indices.map((index) => labels[index]!);

/** Of a few labels that were all right, no certainty follows: the rule of succession. */
export const temperatureOf = (logits: FeatureMatrix, labels: ArrayLike<number>): number =>
  fitTemperature(logits, labels, { smoothing: 1 / (labels.length + 2) });

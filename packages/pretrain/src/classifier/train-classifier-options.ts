import type { Progress } from '../progress.ts';
import type { LabelCount } from './label-counts.ts';

/** Options of `trainClassifier`. */
export interface TrainClassifierOptions {
  /** What it is called; letters, digits, `.`, `_` and `-`. */
  name: string;
  /** `linear` (default): a linear classifier on the features of the encoder, which stays as it is. `full`: the encoder is trained with it. */
  method?: 'linear' | 'full' | undefined;
  /** How many of the labels; default `'all'`. Samples of the training part whose labels are not used judge it where there is no test part. */
  count?: LabelCount | undefined;
  /** Chooses the labels, and decides the training; default 0. */
  seed?: number | undefined;
  /** Least probability of a prediction that holds, in [0, 1]; default 0: all hold. */
  threshold?: number | undefined;
  /** `linear`: the penalty on the weights, ≥ 0; default `'auto'`, of ten the best by cross-validation. */
  l2?: number | 'auto' | undefined;
  /** `linear`: at most so many steps of L-BFGS, an integer ≥ 1; default 300. */
  maxIterations?: number | undefined;
  /** `full`: passes over the labels, ≥ 1; default that of the modality. */
  epochs?: number | undefined;
  /** `full`: at least so many updates, in more passes where labels are few; default that of the modality. */
  minSteps?: number | undefined;
  /** `full`: samples in an update, ≥ 1; default that of the modality. */
  batchSize?: number | undefined;
  /** `full`: the highest rate; of several the one that is best on a fifth of the labels. Default that of the modality. */
  learningRates?: readonly number[] | undefined;
  /** `full`, images: mixup with weights from Beta(mixup, mixup), > 0, such as 0.2; default without. */
  mixup?: number | undefined;
  /** `full`, images: cutmix with areas from Beta(cutmix, cutmix), > 0, such as 1; with both, one of them by chance in each update. Default without. */
  cutmix?: number | undefined;
  /** `full`: options of the modality's fine-tuning, such as `pooling` on text. */
  options?: Readonly<Record<string, unknown>> | undefined;
  /** Where the labels come from, such as `labels.csv`; default from the data. */
  labelsFrom?: string | undefined;
  /** Stops before the next batch; the promise is rejected with the signal's reason then. */
  signal?: AbortSignal | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

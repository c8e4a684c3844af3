/** What a run came to: result.json, and the last line of `--json`. Percentages in 0 … 100; absent where they do not apply. */
export interface RunResult {
  readonly type: 'result';
  readonly task: string;
  readonly dataset: string;
  readonly encoder: string;
  readonly backend: string;
  /** Whole passes over the data. */
  readonly epochs: number;
  /** Updates done. */
  readonly steps: number;
  /** Why training ended: all epochs done, or the time limit. */
  readonly stoppedBy: 'end' | 'time';
  /** Of training, over all sessions; evaluation does not count. */
  readonly seconds: number;
  /** Images per second of training as a whole: reading, augmentation and train step; one image counts once, not once per view. */
  readonly imagesPerSecond?: number;
  /** Of the first reading: decoding, unpacking or rendering. */
  readonly decodeImagesPerSecond: number;
  /** Of the augmentation alone. */
  readonly augmentImagesPerSecond?: number;
  /** Of the train step alone. */
  readonly trainImagesPerSecond?: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** The mean over the last epoch's steps. */
  readonly loss?: number;
  /** Weighted kNN on the normalized pixels. */
  readonly knnRawPixels?: number;
  /** Weighted kNN on the features of the encoder before training. */
  readonly knnUntrained?: number;
  /** Weighted kNN on the features of the encoder after training. */
  readonly knnTrained?: number;
  /** The features of the trained encoder: their number, columns, deviation per dimension, effective rank, uniformity, and alignment of the run's views. */
  readonly health?: Readonly<Record<'rows' | 'dim' | 'std' | 'rank' | 'uniformity', number>> & { readonly alignment?: number };
  /** What looked like a collapse while it trained; absent in results of older versions. */
  readonly alarms?: readonly {
    readonly kind: string;
    readonly metric: string;
    readonly value: number;
    readonly threshold: number;
    readonly step: number;
  }[];
  /** Images that could not be used. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** The sha256 of checkpoint.safetensors. */
  readonly checkpoint: string;
  /** The folder of the run. */
  readonly run: string;
}

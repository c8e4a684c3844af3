import type { Skipped } from '@selfsup/pretrain';

/** One recording: what a sensor measured without a break. All windows of it go to the same side of a split. */
export interface Recording {
  /** Where it comes from, such as the path of a file below the folder of the data. */
  readonly id: string;
  /** `[steps, channels]` row by row, in the unit of the sensor. */
  readonly values: Float32Array;
  /** The name of its class, where it is known. */
  readonly label?: string | undefined;
  /** Where the data has parts of its own: which one it belongs to. */
  readonly part?: 'train' | 'test' | undefined;
}

/** What a `DatasetOpener` of the modality `time-series` gives. */
export interface OpenedRecordings {
  /** As it is called in messages. */
  readonly name: string;
  /** The names of the channels, in order. */
  readonly channelNames: readonly string[];
  /** At least one. */
  readonly recordings: readonly Recording[];
  /** What could not be used; default nothing. */
  readonly skipped?: readonly Skipped[];
}

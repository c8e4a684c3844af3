/** Rows of a data set: what they hold is the data set's matter. */
export interface Rows {
  /** `[n]`: which rows these are. Fewer than were asked for when some could not be read. */
  readonly indices: Int32Array;
}

/** What a loader needs of a data set: an `ImageDataset`, a `TokenDataset`, or one of your own. */
export interface RowsDataset<R extends Rows> {
  /** What it is called in logs. */
  readonly name: string;
  /** What its rows are called in messages; default `images`. */
  readonly unit?: string;
  /** How many rows. */
  readonly length: number;
  /** Reads rows by index, in the order asked for. */
  read(indices: ArrayLike<number>): Promise<R>;
}

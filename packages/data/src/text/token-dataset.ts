/** Rows of token ids, as {@link TokenDataset.read} gives them; `toTokens` makes tensors of them. */
export interface TokenRows {
  /** `[n, length]` row-major: `[CLS] … [SEP]`, filled up with `[PAD]`. */
  readonly tokenIds: Int32Array;
  /** `[n, length]`: 1 where there is a token, 0 where there is filling. */
  readonly attentionMask: Int32Array;
  /** `[n, length]`: 0 for the first text and 1 for the second; only of pairs. */
  readonly segmentIds?: Int32Array;
  /** `[n]`: 0 where the second text follows the first one, 1 where it is from another document; only of pairs made for next-sentence prediction. */
  readonly nextSentenceLabels?: Int32Array;
  /** `[n, length]`. */
  readonly shape: readonly [number, number];
  /** `[n]`: which sequences these rows are. */
  readonly indices: Int32Array;
}

/** A set of token sequences of one length that can be read by index, in any order, any number of times; `createLoader` makes batches of it. */
export interface TokenDataset {
  /** What it is called in logs. */
  readonly name: string;
  /** What its rows are called in messages. */
  readonly unit: 'sequences';
  /** How many sequences. */
  readonly length: number;
  /** Tokens in a sequence, special ones and filling included. */
  readonly sequenceLength: number;
  /** Every id is below. */
  readonly vocabularySize: number;
  /** `[length]`: the class of each sequence, where it is known. */
  readonly labels?: Int32Array;
  /** The names of the classes, by label, where they are known. */
  readonly classNames?: readonly string[];
  /**
   * Reads sequences.
   *
   * @param indices which sequences, each in 0 … length − 1; repeats are allowed
   * @returns their tokens in the order asked for
   */
  read(indices: ArrayLike<number>): Promise<TokenRows>;
}

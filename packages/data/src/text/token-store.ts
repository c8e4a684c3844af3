/** The tokens of many documents, one behind the other, read by position. */
export interface TokenStore {
  /** How many tokens, separators included. */
  readonly numTokens: number;
  /** Where each document ends, ascending; the first one starts at 0, each other where the one before it ends. */
  readonly documentEnds: Float64Array;
  /** Where each sentence ends, ascending; undefined when sentences were not told apart. */
  readonly sentenceEnds: Float64Array | undefined;
  /** Whether the last token of each document is a separator. */
  readonly separated: boolean;
  /** Copies `length` tokens from `start` on to `target[at]` and behind. */
  read(start: number, length: number, to: { target: Int32Array; at: number }): Promise<void>;
}

/** What a run on text came to: result.json, and the last line of `--json`. Losses are in nats per token. */
export interface TextRunResult {
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
  /** Of training, over all sessions; measuring does not count. */
  readonly seconds: number;
  /** Tokens per second of training as a whole, special ones and filling included. */
  readonly tokensPerSecond?: number;
  readonly trainSequences: number;
  readonly heldOutSequences: number;
  /** The mean over the last epoch's steps. */
  readonly loss?: number;
  /** The cross entropy of the predicted tokens of held-out text, after training. */
  readonly heldOutLoss?: number;
  /** The same before training. */
  readonly heldOutUntrained?: number;
  /** How many tokens were predicted. */
  readonly heldOutTokens?: number;
  /** The cross entropy of those tokens under the frequencies of the training text. */
  readonly unigramLoss?: number;
  /** The entropy of those tokens by their own frequencies: no model that ignores the context is below it. */
  readonly unigramEntropy?: number;
  /** The sha256 of checkpoint.safetensors. */
  readonly checkpoint: string;
  /** The folder of the run. */
  readonly run: string;
}

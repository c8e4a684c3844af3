import type { Rng } from '@selfsup/core';

/** Token sequences of one length, in memory that the host reads. */
export interface TokenRows {
  /** `batch · length` ids, one sequence after another. */
  readonly tokenIds: Int32Array;
  /** Tokens of a sequence, padding included. */
  readonly length: number;
}

/** Sequences with some tokens hidden, and what is to be said about them. */
export interface MaskedTokens {
  /** As many ids as before, corrupted. */
  readonly tokenIds: Int32Array;
  /** The chosen places, increasing, as indices into `tokenIds`. */
  readonly positions: Int32Array;
  /** The ids that stood at `positions`. */
  readonly labels: Int32Array;
  /** How much each position counts: 1. Where nothing was chosen there is one position with weight 0, so that no tensor is empty. */
  readonly weights: Float32Array;
}

/**
 * Hides a random part of token sequences. Sequence i of n is changed by `rng.row(i, n)`, so its result depends on nothing but `rng`, i and its own ids; the same
 * `rng` gives the same result. The input is left as it is.
 */
export type TokenMasking = (rows: TokenRows, rng: Rng) => MaskedTokens;

import { checkIntegers } from '../layers/check-option.ts';
import { countTokens, tokenWeightsOf, unigramOf, type TokenDocuments } from './token-documents.ts';

/** What text says of its tokens by counting. */
export interface TokenStatistics {
  /** `[vocabularySize]`: √log((N + 1) / (n + 1)) · n/(n + 1) of a token in n of N documents; 0 for tokens of a single document, and for ignored ones. */
  readonly tokenWeights: Float32Array;
  /** `[8]`: how much more than those behind them the first tokens of a text say, ≥ 1: about 1 where texts begin anywhere, up to 5 for questions. */
  readonly placeWeights: Float32Array;
  /** `[vocabularySize]`: the part of all tokens, each counted half a time more than it occurs; 0 for ignored ones. The sum is 1. */
  readonly unigram: Float32Array;
}

/**
 * Counts the tokens of texts: how much each says, how much the first places say, and how frequent they are.
 *
 * @param documents the unlabeled text as token ids, each an integer in [0, vocabularySize); read once, one at a time
 * @param options `vocabularySize`; `ignoredIds` do not count, such as `[PAD]` and `[CLS]`, default none; `minDocuments`: tokens of fewer documents have no
 * weight, default 2; `signal` stops the work
 * @returns see {@link TokenStatistics}: what `tokenReadout` weighs by
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, `SELFSUP_DATA` on an id out of range
 * @remarks A place weighs 1 + 2·max(0, KL(pₜ‖p) − KL(pᵣ‖p)), with the frequencies p of all tokens, pₜ of those at place t, and pᵣ of as many from any place.
 * @example
 * ```ts
 * import { tokenStatistics } from '@selfsup/encoders';
 * const { tokenWeights } = await tokenStatistics([[5, 6, 7], [5, 6, 8], [9, 10, 7]], { vocabularySize: 11 }); // tokens 5, 6, 7: √log(4/3) · 2/3
 * ```
 */
export async function tokenStatistics(
  documents: TokenDocuments,
  options: { vocabularySize: number; ignoredIds?: readonly number[]; minDocuments?: number; signal?: AbortSignal | undefined },
): Promise<TokenStatistics> {
  const { vocabularySize, ignoredIds = [], minDocuments = 2, signal } = options;
  checkIntegers('tokenStatistics', { vocabularySize, minDocuments });
  const counted = await countTokens(documents, { who: 'tokenStatistics', vocabularySize, ignoredIds, signal });
  return {
    tokenWeights: tokenWeightsOf(counted, minDocuments),
    placeWeights: counted.placeWeights,
    unigram: unigramOf(counted, ignoredIds),
  };
}

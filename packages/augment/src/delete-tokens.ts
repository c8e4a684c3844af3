import { drawUniform, SelfsupError } from '@selfsup/core';
import { findRuns } from './choose-tokens.ts';
import { sequencesOf, shortenedRows, specialSet, type TokenDeletion } from './token-corruption.ts';

/** Options of {@link deleteTokens}. */
export interface DeleteTokensOptions {
  /** Ids that are never deleted: [CLS], [SEP] … */
  specialIds: readonly number[];
  /** The probability that a word is deleted, in [0, 1); default 0.6. */
  deleteRate?: number;
  /** Tells ids that go on with the word before, such as `##ing`: these go with it. Default: each token is a word. Asked once for each token. */
  isContinuation?: (id: number) => boolean;
  /** What sequences are filled up with; default 0. */
  fillId?: number;
}

/**
 * Deletes words at random, as TSDAE does: what stays closes up.
 *
 * @param options see {@link DeleteTokensOptions}
 * @returns a {@link TokenDeletion}: ids and their mask in; fewer ids, their mask and their length out
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from the deletion `SELFSUP_SHAPE` when ids and mask are not rows of `length`
 * @see Wang et al.: "TSDAE: Using Transformer-based Sequential Denoising Auto-Encoder", section 3, https://arxiv.org/abs/2104.06979
 * @remarks Each word goes on its own, and of a sequence with words one stays at least, drawn at random, as in sentence-transformers, which splits at words and
 * punctuation.
 * @example
 * ```ts
 * import { deleteTokens } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * const remove = deleteTokens({ specialIds: [0, 101, 102] });
 * const { tokenIds, attentionMask, length } = remove({ tokenIds: Int32Array.of(101, 7592, 2088, 2003, 2502, 102), length: 6 }, createRng(0));
 * ```
 */
export function deleteTokens(options: DeleteTokensOptions): TokenDeletion {
  const { specialIds, deleteRate = 0.6, isContinuation = () => false, fillId = 0 } = options;
  if (!(deleteRate >= 0 && deleteRate < 1))
    throw new SelfsupError('SELFSUP_OPTION', `deleteTokens: \`deleteRate\` must be in [0, 1), got ${deleteRate}`);
  const special = specialSet('deleteTokens', { specialIds });
  specialSet('deleteTokens', { fillId: [fillId] });
  return (rows, rng) => {
    const kept = sequencesOf('deleteTokens', rows).map((ids, row, { length }) => {
      const stream = rng.row(row, length);
      const words = findRuns(ids.length, {
        maskable: (at) => !special.has(ids[at]!),
        continuation: (at) => isContinuation(ids[at]!),
      });
      const draws = drawUniform(stream, words.length + 1);
      const stays = words.map((_, i) => draws[i]! >= deleteRate);
      if (!stays.includes(true) && words.length > 0) stays[Math.floor(draws[words.length]! * words.length)] = true;
      const gone = new Set<number>();
      for (const [i, { start, end }] of words.entries()) if (!stays[i]) for (let at = start; at < end; at++) gone.add(at);
      return ids.filter((_, at) => !gone.has(at));
    });
    return shortenedRows(kept, { fill: fillId, most: rows.length });
  };
}

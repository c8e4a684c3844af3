import type { Tokenizer } from '@selfsup/data/text';

/** A token that may stand at a place of a text. */
export interface MaskGuess {
  /** As the vocabulary has it. */
  readonly token: string;
  /** In [0, 1], of the whole vocabulary. */
  readonly probability: number;
}

/**
 * The most probable tokens.
 *
 * @param probabilities `[vocabularySize]`
 * @param options `tokenizer`, and `top`: how many
 * @returns their ids, the most probable first, equals by id; special tokens are left out
 */
export function bestTokens(probabilities: ArrayLike<number>, { tokenizer, top }: { tokenizer: Tokenizer; top: number }): number[] {
  const never = new Set(tokenizer.specialIds);
  return Array.from(probabilities, (_, id) => id)
    .filter((id) => !never.has(id))
    .sort((a, b) => probabilities[b]! - probabilities[a]! || a - b)
    .slice(0, top);
}

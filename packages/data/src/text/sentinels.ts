import { SelfsupError } from '@selfsup/core';
import type { Tokenizer } from './tokenizer.ts';

/** How vocabularies call tokens that stand for no text and are free for such use: T5's, and the unused ones of BERT's. */
const NAMES: readonly ((number: number) => string)[] = [(number) => `<extra_id_${number}>`, (number) => `[unused${number}]`];

/**
 * Names of tokens that stand for what was taken out of a text, as T5's vocabulary has them.
 *
 * @param count how many
 * @returns `<extra_id_0>`, `<extra_id_1>` …
 * @example
 * ```ts
 * import { sentinelTokens, trainWordPiece } from '@selfsup/data/text';
 * const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...sentinelTokens(10)];
 * const vocabulary = await trainWordPiece(['low lower lowest', 'new newer newest'], { vocabularySize: 50, specialTokens });
 * ```
 */
export function sentinelTokens(count: number): string[] {
  return Array.from({ length: count }, (_, number) => NAMES[0]!(number));
}

/**
 * The sentinels of a vocabulary: the tokens `<extra_id_0>`, `<extra_id_1>` … of T5, or else `[unused0]`, `[unused1]` … of BERT.
 *
 * @param tokenizer whose
 * @param options `needed`: how many there must be at least, default 0; `most`: how many are given at most
 * @returns their ids, in order
 * @throws SelfsupError `SELFSUP_DATA` when there are fewer than needed
 * @example
 * ```ts
 * import { sentinelIds, wordPieceTokenizer } from '@selfsup/data/text';
 * console.log(sentinelIds(wordPieceTokenizer(['[UNK]', 'cat', '[unused0]', '[unused1]']))); // [2, 3]
 * ```
 */
export function sentinelIds(tokenizer: Pick<Tokenizer, 'idOf'>, options: { needed?: number; most?: number } = {}): number[] {
  const { needed = 0, most = Infinity } = options;
  const found = NAMES.map((nameOf) => {
    const ids: number[] = [];
    for (let id = tokenizer.idOf(nameOf(0)); id !== undefined && ids.length < most; id = tokenizer.idOf(nameOf(ids.length))) ids.push(id);
    return ids;
  });
  const longest = found.reduce((best, ids) => (ids.length > best.length ? ids : best));
  if (longest.length < needed)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `sentinelIds: \`tokenizer\` must have ${needed} tokens ${NAMES[0]!(0)}, ${NAMES[0]!(1)} …, or [unused0], [unused1] …, got ${longest.length}; ` +
        'add them behind its vocabulary, or have a vocabulary learned',
    );
  return longest;
}

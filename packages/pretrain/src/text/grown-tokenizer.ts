import { printable, SelfsupError } from '@selfsup/core';
import type { Tokenizer } from '@selfsup/data/text';

/**
 * Refuses a tokenizer that is not another with tokens added behind: the ids of an encoder's tokens must stay what they are.
 *
 * @param tokenizer the grown one
 * @param before the tokenizer of the encoder
 * @throws SelfsupError `SELFSUP_OPTION` naming the first id that differs
 */
export function assertGrown(tokenizer: Tokenizer, before: Tokenizer): void {
  for (let id = 0; id < before.vocabularySize; id++) {
    const [old, now] = [before.tokenOf(id), tokenizer.tokenOf(id)];
    if (old === now) continue;
    const show = (token: string | undefined) => (token === undefined ? 'nothing' : printable(token, { maxLength: 40 }));
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`tokenizer\` must be that of the encoder (\`init\`), perhaps with tokens added behind its ${before.vocabularySize}, but id ${id} is ${show(now)} instead of ${show(old)}; ` +
        'add tokens to the tokenizer.json of the encoder, or leave `tokenizer` out',
    );
  }
}

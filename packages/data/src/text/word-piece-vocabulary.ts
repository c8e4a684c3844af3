import { printable, SelfsupError } from '@selfsup/core';
import type { SpecialTokens } from './tokenizer.ts';

/** A vocabulary that was checked. */
export interface WordPieceVocabulary {
  /** The tokens by id. */
  readonly tokens: readonly string[];
  readonly idByToken: ReadonlyMap<string, number>;
  readonly special: SpecialTokens;
  /** Ascending. */
  readonly specialIds: readonly number[];
}

const USUAL = { pad: '[PAD]', unknown: '[UNK]', classify: '[CLS]', separator: '[SEP]', mask: '[MASK]' } as const;

const fail = (what: string): never => {
  throw new SelfsupError('SELFSUP_DATA', `wordPieceTokenizer: \`vocabulary\` ${what}`);
};

/** Reads the lines of a `vocab.txt`, or a list of tokens, and finds the special ones; see `wordPieceTokenizer`. */
export function parseVocabulary(
  vocabulary: string | readonly string[],
  specialTokens: Partial<Record<keyof SpecialTokens, string>> = {},
): WordPieceVocabulary {
  const tokens = typeof vocabulary === 'string' ? vocabulary.replace(/^\ufeff/, '').split(/\r?\n/) : [...vocabulary];
  if (typeof vocabulary === 'string' && tokens.at(-1) === '') tokens.pop();
  if (tokens.length === 0) fail('must have at least one token, got none');
  const idByToken = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (token === '') fail(`must have a token on every line, but line ${id + 1} of ${tokens.length} is empty`);
    const earlier = idByToken.get(token);
    if (earlier !== undefined)
      fail(`must have each token once, but "${printable(token, { maxLength: 60 })}" is on lines ${earlier + 1} and ${id + 1}`);
    idByToken.set(token, id);
  }
  const special: Partial<Record<keyof SpecialTokens, number>> = {};
  for (const role of Object.keys(USUAL) as (keyof SpecialTokens)[]) {
    const token = specialTokens[role] ?? USUAL[role];
    const id = idByToken.get(token);
    if (id !== undefined) special[role] = id;
    else if (specialTokens[role] !== undefined || role === 'unknown')
      fail(`must have the ${role} token ${printable(token, { maxLength: 60 })}, but none of its ${tokens.length} lines is that`);
  }
  return { tokens, idByToken, special, specialIds: [...new Set(Object.values(special))].sort((a, b) => a - b) };
}

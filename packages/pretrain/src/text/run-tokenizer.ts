import { isSelfsupError, SelfsupError } from '@selfsup/core';
import { loadTokenizer, type Tokenizer } from '@selfsup/data/text';
import type { InputDescription } from '../encoder-recipe.ts';
import { sha256 } from '../sha256.ts';
import { textInputOf } from './text-input.ts';

/** The file of a run that holds its tokenizer, in the format of Hugging Face. */
export const TOKENIZER_FILE = 'tokenizer.json';

/** A tokenizer as the text of {@link TOKENIZER_FILE}. */
export const tokenizerFile = (tokenizer: Tokenizer): string => JSON.stringify(tokenizer.toJson());

/**
 * The sha256 of a tokenizer: says whether two are the same.
 *
 * @param tokenizer any
 * @returns 64 hexadecimal digits
 */
export function hashTokenizer(tokenizer: Tokenizer): Promise<string> {
  return sha256(new TextEncoder().encode(tokenizerFile(tokenizer)));
}

/**
 * Reads the tokenizer of a run.
 *
 * @param files the files of the run by name; `tokenizer.json` among them
 * @param input `input` of its run.json
 * @returns the tokenizer
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is not there, damaged, or not the one that the run began with
 */
export async function readRunTokenizer(files: Readonly<Record<string, string>>, input: InputDescription): Promise<Tokenizer> {
  const content = files[TOKENIZER_FILE];
  if (content === undefined)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `the run has no ${TOKENIZER_FILE}, without which its token ids mean nothing; restore it, or train again`,
    );
  const tokenizer = await loadTokenizer(content, { name: TOKENIZER_FILE }).catch((error: unknown) => {
    const reason = isSelfsupError(error) ? error.message : String(error);
    throw new SelfsupError('SELFSUP_CHECKPOINT', `the tokenizer of the run is damaged: ${reason}; restore it, or train again`, {
      cause: error,
    });
  });
  if ((await hashTokenizer(tokenizer)) !== textInputOf(input).tokenizerHash)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${TOKENIZER_FILE} is not the tokenizer that this run began with; restore it, or train again`,
    );
  return tokenizer;
}

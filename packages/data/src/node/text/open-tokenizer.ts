import { printable, SelfsupError } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTokenizer } from '../../text/load-tokenizer.ts';
import type { Tokenizer } from '../../text/tokenizer.ts';
import { wordPieceTokenizer, type WordPieceOptions } from '../../text/word-piece-tokenizer.ts';
import { readFileWithin } from '../read-file-within.ts';
import { decodeUtf8 } from './decode-utf8.ts';

const MAX_BYTES = 2 ** 28; // those of large multilingual models have 20 MB

/**
 * Opens a tokenizer from disk.
 *
 * @param path a `tokenizer.json`, a `vocab.txt`, or a folder with one of them, in this order
 * @param options of {@link wordPieceTokenizer}, for a `vocab.txt`, which says nothing about them
 * @returns the tokenizer
 * @throws SelfsupError `SELFSUP_DATA` when there is nothing at the path, or it is no tokenizer
 * @example
 * ```ts
 * import { openTokenizer } from '@selfsup/data/node';
 * const tokenizer = await openTokenizer('bert-base-uncased/vocab.txt');
 * console.log(tokenizer.encode('Call me Ishmael.').ids);
 * ```
 */
export async function openTokenizer(path: string, options: WordPieceOptions = {}): Promise<Tokenizer> {
  const kindOf = (at: string) => stat(at).then((info) => (info.isDirectory() ? 'folder' : 'file'), () => undefined); // prettier-ignore
  const kind = await kindOf(path);
  let file = kind === 'file' ? path : undefined;
  if (kind === 'folder')
    for (const name of ['tokenizer.json', 'vocab.txt']) if (!file && (await kindOf(join(path, name))) === 'file') file = join(path, name);
  if (file === undefined)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openTokenizer: there is no ${kind === 'folder' ? 'tokenizer.json or vocab.txt in' : 'file at'} ${printable(path)}; check the path`,
    );
  const text = decodeUtf8(await readFileWithin(file, { who: 'openTokenizer', maxBytes: MAX_BYTES, advice: 'is it a tokenizer?' }), {
    who: 'openTokenizer',
    path: file,
    byte: 0,
  });
  return /\.json$/i.test(file) ? loadTokenizer(text, { name: file }) : wordPieceTokenizer(text, options);
}

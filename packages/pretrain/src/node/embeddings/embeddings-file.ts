import { printable, SelfsupError } from '@selfsup/core';
import { extname } from 'node:path';
import { beginCsv } from './csv-embeddings.ts';
import type { EmbeddingsFile, EmbeddingsFileOptions } from './embeddings-format.ts';
import { beginNpyWithIndex } from './npy-embeddings.ts';
import { beginParquet } from './parquet-embeddings.ts';

/** The formats by the end of the name. */
const FORMATS = { '.npy': beginNpyWithIndex, '.csv': beginCsv, '.parquet': beginParquet };

/** The ends of names that {@link beginEmbeddings} knows. */
export const embeddingsFormats: readonly string[] = Object.keys(FORMATS);

/**
 * Whether embeddings can be written to a path of this name.
 *
 * @param path such as `embeddings.parquet`
 * @param who the option that the user gave, for the message
 * @throws SelfsupError `SELFSUP_OPTION` on an end that is not among {@link embeddingsFormats}
 */
export function assertEmbeddingsPath(path: string, who: string): void {
  if (extname(path).toLowerCase() in FORMATS) return;
  throw new SelfsupError('SELFSUP_OPTION', `${who} must end in .npy, .csv or .parquet, got ${printable(path)}`);
}

/**
 * Begins a file of embeddings, of the format that its name ends in.
 *
 * `.npy` is NumPy's float32 `[rows, dim]`, with a `.index.json` beside it that says what each row stands for. `.csv` has a header and the columns `file` or
 * `text`, `label`, `split`, `index`, `e0`, `e1` …; `.parquet` has the same columns and `embedding`, a list of float32.
 *
 * @param path where to; its folder is made where there is none
 * @param options see {@link EmbeddingsFileOptions}
 * @returns see {@link EmbeddingsFile}; `keep` or `drop` it
 * @throws SelfsupError `SELFSUP_OPTION` on another end of the name, `SELFSUP_DATA` when it cannot be written
 */
export async function beginEmbeddings(path: string, options: EmbeddingsFileOptions): Promise<EmbeddingsFile> {
  assertEmbeddingsPath(path, 'beginEmbeddings: `path`');
  return FORMATS[extname(path).toLowerCase() as keyof typeof FORMATS](path, options);
}

import { splitDocuments, startOfFile, type DocumentRule } from '../../text/split-documents.ts';
import { findTextFiles } from './find-text-files.ts';
import { readPieces } from './read-pieces.ts';

/** Options of {@link countDocuments}. */
export interface CountDocumentsOptions {
  /** What separates documents; default `file`. */
  documents?: DocumentRule;
  /** Counting stops at so many, an integer ≥ 1; default Infinity. */
  atMost?: number;
}

/**
 * Counts the documents of text files, without tokenizing them: reads no further than it must.
 *
 * @param patterns files, folders or patterns, as `openCorpus` takes them
 * @param options see {@link CountDocumentsOptions}
 * @returns how many documents there are, at most `atMost`; bytes that are no UTF-8 do not matter
 * @throws SelfsupError `SELFSUP_DATA` when no file matches
 * @example
 * ```ts
 * import { countDocuments } from '@selfsup/data/node';
 * console.log(await countDocuments('corpus/**\/*.txt', { documents: 'chapter', atMost: 20 }));
 * ```
 */
export async function countDocuments(patterns: string | readonly string[], options: CountDocumentsOptions = {}): Promise<number> {
  const { documents = 'file', atMost = Infinity } = options;
  const files = await findTextFiles('countDocuments', patterns);
  let count = 0;
  for (const file of files) {
    const state = startOfFile();
    for await (const { text } of readPieces(file, { who: 'countDocuments', replaced: { count: 0 } })) {
      for (const { begins } of splitDocuments(text, documents, state)) if (begins && ++count >= atMost) return count;
      if (documents === 'file') break; // one piece says that it is not empty
    }
  }
  return count;
}

import { startOfFile, type DocumentRule } from '../../text/split-documents.ts';
import { findTextFiles } from './find-text-files.ts';
import type { Column } from './pick-columns.ts';
import { readDocuments } from './read-documents.ts';
import { tableFormatOf } from './read-table.ts';

/** Options of {@link countDocuments}. */
export interface CountDocumentsOptions {
  /** What separates documents; default `file`. */
  documents?: DocumentRule;
  /** Where the text of tables is; default as `openCorpus`. */
  textColumn?: Column | readonly Column[];
  /** Whether the first line of tables (`.csv`, `.tsv`) has the names of the columns; default where it looks so. */
  header?: boolean;
  /** Counting stops at so many, an integer ≥ 1; default Infinity. */
  atMost?: number;
}

/**
 * Counts the documents of text files, without tokenizing them: reads no further than it must.
 *
 * @param patterns files, folders or patterns, as `openCorpus` takes them
 * @param options see {@link CountDocumentsOptions}
 * @returns how many documents there are, at most `atMost`; bytes that are no UTF-8 do not matter
 * @throws SelfsupError `SELFSUP_DATA` when no file matches, one may not be read, or a table is not understood
 * @example
 * ```ts
 * import { countDocuments } from '@selfsup/data/node';
 * console.log(await countDocuments('corpus/**\/*.txt', { documents: 'chapter', atMost: 20 }));
 * ```
 */
export async function countDocuments(patterns: string | readonly string[], options: CountDocumentsOptions = {}): Promise<number> {
  const { documents = 'file', atMost = Infinity, textColumn, header } = options;
  const { files } = await findTextFiles('countDocuments', patterns);
  let count = 0;
  for (const file of files) {
    const reading = { who: 'countDocuments', documents, textColumn, header, replaced: { count: 0 } };
    for await (const { parts } of readDocuments(file, startOfFile(), reading)) {
      for (const { begins } of parts) if (begins && ++count >= atMost) return count;
      if (documents === 'file' && tableFormatOf(file) === undefined) break; // one piece says that it is not empty
    }
  }
  return count;
}

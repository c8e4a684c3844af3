import { trainWordPiece, type TrainWordPieceOptions } from '../../text/train-word-piece.ts';
import type { Tokenizer } from '../../text/tokenizer.ts';
import { wordPieceTokenizer } from '../../text/word-piece-tokenizer.ts';
import { startOfFile } from '../../text/split-documents.ts';
import { findTextFiles } from './find-text-files.ts';
import type { Column } from './pick-columns.ts';
import { readDocuments } from './read-documents.ts';

/** Options of {@link trainTokenizer}. */
export interface TrainTokenizerOptions extends TrainWordPieceOptions {
  /** What becomes of bytes that are no UTF-8: `error` (default), or `replace`. */
  invalidUtf8?: 'error' | 'replace';
  /** Where the text of tables is; default as `openCorpus`. */
  textColumn?: Column | readonly Column[];
  /** Whether the first line of tables (`.csv`, `.tsv`) has the names of the columns; default where it looks so. */
  header?: boolean;
  /** Told how many bytes have been read, after each MiB or so. */
  onProgress?: (bytes: number) => void;
}

/**
 * Learns a WordPiece vocabulary from text files, read in pieces, and makes its tokenizer.
 *
 * @param patterns files, folders (all `.txt` files below), or patterns such as `corpus/**\/*.txt`
 * @param options see {@link TrainTokenizerOptions}
 * @returns the tokenizer
 * @throws SelfsupError `SELFSUP_DATA` when no file matches, a byte is no UTF-8 (with file and byte) or there is no word; `SELFSUP_OPTION` on an option out of range
 * @example
 * ```ts
 * import { trainTokenizer } from '@selfsup/data/node';
 * const tokenizer = await trainTokenizer('corpus/**\/*.txt', { vocabularySize: 8000 });
 * ```
 */
export async function trainTokenizer(patterns: string | readonly string[], options: TrainTokenizerOptions = {}): Promise<Tokenizer> {
  const { invalidUtf8 = 'error', onProgress, textColumn, header, ...training } = options;
  const replaced = invalidUtf8 === 'replace' ? { count: 0 } : undefined;
  const { files } = await findTextFiles('trainTokenizer', patterns);
  async function* texts() {
    let bytes = 0;
    const onBytes = (more: number) => {
      bytes += more;
      onProgress?.(bytes);
    };
    for (const file of files) {
      const reading = { who: 'trainTokenizer', documents: 'file', textColumn, header, replaced, onBytes } as const;
      for await (const { parts } of readDocuments(file, startOfFile(), reading)) for (const { text } of parts) yield text;
    }
  }
  const vocabulary = await trainWordPiece(texts(), training);
  const { lowercase, stripAccents } = training;
  return wordPieceTokenizer(vocabulary, {
    ...(lowercase === undefined ? {} : { lowercase }),
    ...(stripAccents === undefined ? {} : { stripAccents }),
  });
}

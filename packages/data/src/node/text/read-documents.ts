import { splitDocuments, type DocumentPart, type DocumentRule, type SplitState } from '../../text/split-documents.ts';
import type { InvalidBytes } from './decode-utf8.ts';
import { withFile } from '../read-file-within.ts';
import { parquetRows } from './parquet-rows.ts';
import { type Column } from './pick-columns.ts';
import { readPieces } from './read-pieces.ts';
import { readTable, tableFormatOf } from './read-table.ts';

/** How a file is cut into documents. */
export interface ReadDocumentsOptions {
  /** Who asks, for messages. */
  readonly who: string;
  /** What separates the documents of a text; in a table each row is one. */
  readonly documents: DocumentRule;
  /** Where the text of a table is. */
  readonly textColumn?: Column | readonly Column[] | undefined;
  /** Whether the first line of a table has the names of the columns; default where it looks so. */
  readonly header?: boolean | undefined;
  /** Where replacements of invalid UTF-8 are counted; without it they are an error. */
  readonly replaced?: InvalidBytes | undefined;
  /** Told how many bytes a piece had. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** The parts of documents in a piece of a file, and the position behind it, from which reading can go on. */
export interface DocumentsPiece {
  readonly parts: Iterable<DocumentPart>;
  readonly position: number;
}

/**
 * Reads a file as parts of documents: a text piece by piece, a table row by row.
 *
 * @param path its name tells which it is: `.csv`, `.tsv`, `.jsonl`, `.ndjson` and `.parquet` are tables
 * @param state where the splitting stands; brought up to date as parts are taken
 * @param options `start`: a position of before, a byte of a text or a number of rows; and see {@link ReadDocumentsOptions}
 */
export async function* readDocuments(
  path: string,
  state: SplitState,
  options: ReadDocumentsOptions & { start?: number },
): AsyncGenerator<DocumentsPiece, void, undefined> {
  const { who, documents, textColumn, header, replaced, onBytes, start = 0 } = options;
  const format = tableFormatOf(path);
  if (format === undefined) {
    let from = start;
    for await (const { text, end } of readPieces(path, { who, start, replaced })) {
      yield { parts: splitDocuments(text, documents, state), position: end };
      onBytes?.(end - from);
      from = end;
    }
    return;
  }
  async function* pieces() {
    let from = 0;
    for await (const { text, end } of readPieces(path, { who, replaced })) {
      yield text;
      onBytes?.(end - from);
      from = end;
    }
  }
  let row = 0;
  let read = 0;
  const size = format === 'parquet' && onBytes ? await withFile(path, who, (_, length) => Promise.resolve(length)) : 0;
  const onRows = (rows: number, numRows: number) => {
    const bytes = Math.floor((size * rows) / numRows);
    onBytes?.(bytes - read);
    read = bytes;
  };
  const asking = { textColumn, header, who, path, labeled: false };
  for await (const { text } of format === 'parquet' ? parquetRows(path, { ...asking, onRows }) : readTable(pieces(), { ...asking, format }))
    if (++row > start) yield { parts: text.trim() === '' ? [] : [{ text, begins: true }], position: row };
}

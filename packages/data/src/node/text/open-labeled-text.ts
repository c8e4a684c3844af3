import { printable, SelfsupError } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { readHead, withFile } from '../read-file-within.ts';
import { parquetRows } from './parquet-rows.ts';
import { parseTrec, type LabeledRow } from './parse-trec.ts';
import { failAbout, listed, type Column } from './pick-columns.ts';
import { readPieces } from './read-pieces.ts';
import { readTable, tableFormatOf, type TableFormat } from './read-table.ts';

/** Options of {@link openLabeledText}. */
export interface OpenLabeledTextOptions {
  /** Default by the file's name: `.tsv`, `.csv`, `.jsonl`, `.ndjson` or `.parquet`; and `trec` for a `.txt` that begins like it. */
  format?: TableFormat | 'trec';
  /** Default `utf-8`, and `latin1` for `trec`. */
  encoding?: 'utf-8' | 'latin1';
  /**
   * The column of the text, by the name in the first line or by number from 0; the key in JSON; or several, which are joined with a line end. Default `text`,
   * `sentence`, `question`, `review`, `content`, `body`, `message` or `comment`, or `title` with `description`; the first of two.
   */
  textColumn?: Column | readonly Column[];
  /** The same of the label, one column. Default `label`, `class`, `class index`, `category`, `sentiment`, `target`, `intent` or `topic`; the second of two. */
  labelColumn?: Column;
  /** Whether the first line of a table has the names of its columns; default whether one of them is a usual name of labels, or is asked for by name. */
  header?: boolean;
  /** Whether TREC's labels are the 50 fine ones (`LOC:city`) rather than the 6 coarse ones (`LOC`); default false. */
  fine?: boolean;
  /** The classes and their order, those of the training file say; default those that are found, sorted: by number where all are numbers. */
  classNames?: readonly string[];
  /** A larger file is refused before it is read; default 1 GiB, an integer ≥ 1. */
  maxBytes?: number;
}

/** Texts with their classes. */
export interface LabeledText {
  /** The file's name. */
  readonly name: string;
  /** The texts, in file order. */
  readonly texts: string[];
  /** `[n]`: the class of each text. */
  readonly labels: Int32Array;
  /** The names of the classes, by label, as the file has them. */
  readonly classNames: readonly string[];
}

const WHO = 'openLabeledText';
const fail = (what: string, code: 'SELFSUP_DATA' | 'SELFSUP_OPTION' = 'SELFSUP_DATA'): never => {
  throw new SelfsupError(code, `${WHO}: ${what}`);
};
const TREC = /^[A-Z]{3,}:\w+ /;
const NUMBER = /^-?\d+(\.\d+)?$/;
const FORMATS = ['tsv', 'csv', 'jsonl', 'parquet', 'trec'];

async function formatOf(path: string): Promise<TableFormat | 'trec'> {
  const byName = tableFormatOf(path);
  if (byName) return byName;
  const start = await withFile(path, WHO, (file) => readHead(file, 100));
  if (/\.txt$/i.test(path) && TREC.test(start.toString('latin1'))) return 'trec';
  return fail(`${printable(path)} is not understood by its name; set \`format\` to tsv, csv, jsonl, parquet or trec`, 'SELFSUP_OPTION');
}

const FEW = 10; // rows of which nothing can be told

/** Refuses columns that were taken on trust when they cannot be what they should: nearly every label is another, or there are hardly any texts. */
function checkPlausible(path: string, rows: readonly LabeledRow[]): void {
  if (rows.length < FEW || !rows[0]!.assumed) return;
  const [texts, labels] = [new Set(rows.map(({ text }) => text)).size, new Set(rows.map(({ label }) => label)).size];
  if (2 * labels <= rows.length && (texts >= labels || 10 * texts >= rows.length)) return;
  failAbout(
    { who: WHO, path },
    `must have a text and a class in each row, but its ${rows.length} rows have ${texts} different texts (such as ` +
      `"${printable(rows[0]!.text, { maxLength: 40 })}") and ${labels} different classes (such as "${printable(rows[0]!.label, { maxLength: 40 })}"); ` +
      `say which columns hold what with \`textColumn\` and \`labelColumn\`: names of the first line, or numbers from 0${labels > texts ? ', perhaps the other way round' : ''}`,
  );
}

function sortedClasses(labels: readonly string[]): string[] {
  const found = [...new Set(labels)];
  const numbers = found.every((label) => NUMBER.test(label));
  return found.sort((a, b) => (numbers ? Number(a) - Number(b) : a < b ? -1 : 1));
}

/**
 * Reads texts with class labels from a file.
 *
 * @param path the file: tab- or comma-separated values, with names in the first line or with two columns (text, label); JSON lines; Parquet; or TREC's questions
 * @param options see {@link OpenLabeledTextOptions}
 * @returns the texts in file order, their labels, and the names of the classes; `arrayTexts` makes a data set of it
 * @throws SelfsupError `SELFSUP_DATA` when there is no such file, it has no row, a row is not understood, has no text, or is of a class that `classNames` lacks
 *   (all with the line), columns are not found or cannot be what they are taken for, or bytes are not UTF-8; `SELFSUP_OPTION` when the format is not known
 * @remarks Columns that nothing names are refused when more than half of the rows have a class of their own, or when there are fewer texts than classes: they are the wrong way round
 * then. CSV is read as RFC 4180 says. Quotes mean nothing in TSV, where sentiment data sets have them as text.
 * @example
 * ```ts
 * import { openLabeledText } from '@selfsup/data/node';
 * const train = await openLabeledText('sst2/train.tsv');
 * const test = await openLabeledText('sst2/test.tsv', { classNames: train.classNames });
 * ```
 */
export async function openLabeledText(path: string, options: OpenLabeledTextOptions = {}): Promise<LabeledText> {
  const { maxBytes = 2 ** 30, textColumn, labelColumn, header, fine = false } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) fail(`\`maxBytes\` must be an integer >= 1, got ${maxBytes}`, 'SELFSUP_OPTION');
  const size = await stat(path).then(
    (info) => info.size,
    (error: unknown) =>
      (error as { code?: unknown }).code === 'ENOENT' ? fail(`there is no file at ${printable(path)}; check the path`) : 0,
  );
  if (size > maxBytes)
    fail(`${printable(path)} must have at most ${maxBytes} bytes, got ${size}; raise \`maxBytes\` if there is room in memory`);
  const { format = await formatOf(path) } = options;
  if (!FORMATS.includes(format)) fail(`\`format\` must be one of ${FORMATS.join(', ')}, got ${JSON.stringify(format)}`, 'SELFSUP_OPTION');
  const { encoding = format === 'trec' ? 'latin1' : 'utf-8' } = options;
  if (encoding !== 'utf-8' && encoding !== 'latin1')
    fail(`\`encoding\` must be utf-8 or latin1, got ${String(encoding)}`, 'SELFSUP_OPTION');
  async function* pieces() {
    for await (const { text } of readPieces(path, { who: WHO, encoding, hint: ', or set `encoding` to latin1' })) yield text;
  }
  let rows: LabeledRow[] = [];
  if (format === 'trec') {
    let text = '';
    for await (const piece of pieces()) text += piece;
    rows = parseTrec(text, path, fine);
  } else {
    const asking = { textColumn, labelColumn, header, who: WHO, path, labeled: true };
    for await (const row of format === 'parquet' ? parquetRows(path, asking) : readTable(pieces(), { ...asking, format })) rows.push(row);
  }
  if (rows.length === 0) failAbout({ who: WHO, path }, 'must have at least one text with a label, got none');
  const empty = rows.find((row) => row.text.trim() === '' || row.label.trim() === '');
  if (empty)
    failAbout(
      { who: WHO, path },
      `must have a text and a label in each row, but line ${empty.line} has no ${empty.text.trim() === '' ? 'text' : 'label'}`,
    );
  checkPlausible(path, rows);
  const classNames = options.classNames ?? sortedClasses(rows.map(({ label }) => label));
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const labels = Int32Array.from(rows, ({ label, line }) => {
    const found = labelOf.get(label);
    return (
      found ??
      fail(
        `line ${line} of ${printable(path)} must be of one of the classes ${listed(classNames)}, got ${printable(label, { maxLength: 40 })}`,
      )
    );
  });
  return { name: basename(path), texts: rows.map((row) => row.text), labels, classNames };
}

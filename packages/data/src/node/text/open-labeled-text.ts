import { SelfsupError } from '@selfsup/core';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { decodeUtf8 } from './decode-utf8.ts';
import { parseJsonLines, parseSeparated, parseTrec } from './parse-labeled-rows.ts';

/** Options of {@link openLabeledText}. */
export interface OpenLabeledTextOptions {
  /** Default by the file's name: `.tsv`, `.csv`, `.jsonl` or `.ndjson`; and `trec` for a `.txt` that begins like it. */
  format?: 'tsv' | 'csv' | 'jsonl' | 'trec';
  /** Default `utf-8`, and `latin1` for `trec`. */
  encoding?: 'utf-8' | 'latin1';
  /** The column of the text, by the name in the first line or by number from 0; the key in JSON. Default `text`, `sentence`, `question`, `review` or `content`; the first of two. */
  textColumn?: string | number;
  /** The same of the label. Default `label`, `class`, `category`, `sentiment` or `target`; the second of two. */
  labelColumn?: string | number;
  /** Whether TREC's labels are the 50 fine ones (`LOC:city`) rather than the 6 coarse ones (`LOC`); default false. */
  fine?: boolean;
  /** The classes and their order, those of the training file say; default those that are found, sorted: by number where all are numbers. */
  classNames?: readonly string[];
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

const fail = (what: string, code: 'SELFSUP_DATA' | 'SELFSUP_OPTION' = 'SELFSUP_DATA', cause?: unknown): never => {
  throw new SelfsupError(code, `openLabeledText: ${what}`, cause === undefined ? undefined : { cause });
};
const TREC = /^[A-Z]{3,}:\w+ /;
const NUMBER = /^-?\d+(\.\d+)?$/;

function formatOf(path: string, bytes: Uint8Array): NonNullable<OpenLabeledTextOptions['format']> {
  const extension = /\.(tsv|csv|jsonl|ndjson|txt)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === 'tsv' || extension === 'csv') return extension;
  if (extension === 'jsonl' || extension === 'ndjson') return 'jsonl';
  if (extension === 'txt' && TREC.test(new TextDecoder('latin1').decode(bytes.subarray(0, 100)))) return 'trec';
  return fail(`${path} is not understood by its name; set \`format\` to tsv, csv, jsonl or trec`, 'SELFSUP_OPTION');
}

function sortedClasses(labels: readonly string[]): string[] {
  const found = [...new Set(labels)];
  const numbers = found.every((label) => NUMBER.test(label));
  return found.sort((a, b) => (numbers ? Number(a) - Number(b) : a < b ? -1 : 1));
}

/**
 * Reads texts with class labels from a file.
 *
 * @param path the file: tab- or comma-separated values, with names in the first line or with two columns (text, label); JSON lines; or TREC's questions
 * @param options see {@link OpenLabeledTextOptions}
 * @returns the texts in file order, their labels, and the names of the classes; `arrayTexts` makes a data set of it
 * @throws SelfsupError `SELFSUP_DATA` when there is no such file, it has no row, a row is not understood, has no text, or is of a class that `classNames` lacks
 *   (all with the line), or bytes are no UTF-8; `SELFSUP_OPTION` when the format is not known
 * @remarks CSV is read as RFC 4180 says. Quotes mean nothing in TSV, where sentiment data sets have them as text.
 * @example
 * ```ts
 * import { openLabeledText } from '@selfsup/data/node';
 * const train = await openLabeledText('sst2/train.tsv');
 * const test = await openLabeledText('sst2/test.tsv', { classNames: train.classNames });
 * ```
 */
export async function openLabeledText(path: string, options: OpenLabeledTextOptions = {}): Promise<LabeledText> {
  const bytes = await readFile(path).catch((error: unknown) => fail(`there is no file at ${path}; check the path`, 'SELFSUP_DATA', error));
  const { format = formatOf(path, bytes), fine = false } = options;
  const { encoding = format === 'trec' ? 'latin1' : 'utf-8', textColumn, labelColumn } = options;
  if (encoding !== 'utf-8' && encoding !== 'latin1')
    fail(`\`encoding\` must be utf-8 or latin1, got ${String(encoding)}`, 'SELFSUP_OPTION');
  const text =
    encoding === 'latin1'
      ? bytes.toString('latin1')
      : decodeUtf8(bytes, { who: 'openLabeledText', path, byte: 0, hint: ', or set `encoding` to latin1' });
  const columns = { textColumn, labelColumn };
  const rows =
    format === 'trec'
      ? parseTrec(text, path, fine)
      : format === 'jsonl'
        ? parseJsonLines(text, path, columns)
        : await parseSeparated(text, path, { ...columns, delimiter: format === 'csv' ? ',' : '\t' });
  if (rows.length === 0) fail(`${path} must have at least one text with a label, got none`);
  const empty = rows.find((row) => row.text.trim() === '' || row.label.trim() === '');
  if (empty)
    fail(`${path} must have a text and a label in each row, but line ${empty.line} has no ${empty.text.trim() === '' ? 'text' : 'label'}`);
  const classNames = options.classNames ?? sortedClasses(rows.map(({ label }) => label));
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const labels = Int32Array.from(rows, ({ label, line }) => {
    const found = labelOf.get(label);
    return found ?? fail(`line ${line} of ${path} must be of one of the classes ${classNames.join(', ')}, got ${label}`);
  });
  return { name: basename(path), texts: rows.map((row) => row.text), labels, classNames };
}

import { printable, SelfsupError } from '@selfsup/core';
import { parse as parsePath, relative, resolve } from 'node:path';
import { readFileWithin } from './read-file-within.ts';
import { decodeUtf8 } from './text/decode-utf8.ts';
import { failAbout, LABEL_NAMES, listed, type Column } from './text/pick-columns.ts';

/** Options of {@link readLabelTable}. */
export interface LabelTableOptions {
  /** The column of the files, by its name in the first line (a key in JSON) or by its number from 0; default one with a usual name, or the first. */
  fileColumn?: Column | undefined;
  /** The column of the labels; default one with a usual name, or the second. */
  labelColumn?: Column | undefined;
  /** Whether the first line has names; default where it looks so. */
  header?: boolean | undefined;
  /** Larger tables are refused, an integer ≥ 1; default 256 MiB. */
  maxBytes?: number | undefined;
}

/** A row of a table of labels. */
export interface LabelRow {
  /** The file as the table has it. */
  readonly file: string;
  /** Its class. */
  readonly label: string;
  /** Where it stands, from 1. */
  readonly line: number;
}

/** What a table of labels holds. */
export interface LabelTable {
  /** Its path. */
  readonly path: string;
  /** Rows that have a label. */
  readonly rows: readonly LabelRow[];
  /** How many rows have a file and no label: they count as unlabeled. */
  readonly empty: number;
}

/** Endings of files that are tables of labels. */
const TABLE = /\.(csv|tsv|txt|jsonl|ndjson)$/i;
/** Usual names of a column of files, in the order in which they are looked for. */
const FILE_NAMES = ['file', 'filename', 'file_name', 'file name', 'path', 'filepath', 'image', 'image_path', 'photo', 'picture', 'video', 'id', 'name']; // prettier-ignore
const who = 'readLabelTable';
const MAX_BYTES = 2 ** 28;

/** Whether a file is a table of labels by its name. */
export const isLabelTable = (path: string): boolean => TABLE.test(path);

/** The sign between the columns: what Excel says in `sep=`, or the one that the first line has most of. */
function delimiterOf(text: string): { delimiter: string; rest: string } {
  const said = /^"?sep=([^\r\n])"?\r?\n/i.exec(text);
  if (said) return { delimiter: said[1]!, rest: text.slice(said[0].length) };
  const line = (/^[^\r\n]*/.exec(text) ?? [''])[0].replace(/"[^"]*"/g, '');
  const [best] = [',', ';', '\t'].map((sign) => ({ sign, count: line.split(sign).length })).sort((a, b) => b.count - a.count);
  return { delimiter: best!.sign, rest: text };
}

function decode(bytes: Uint8Array, path: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes); // Excel's "Unicode text"
  const text = decodeUtf8(bytes, { who, path, byte: 0, hint: ', in Excel by saving it as "CSV UTF-8"' });
  return text.replace(/^\ufeff/, '');
}

const plain = (name: string) => name.trim().toLowerCase();

/** Where file and label are, and whether the first row is names. */
function findColumns(top: readonly string[], options: LabelTableOptions, path: string): { file: number; label: number; header: boolean } {
  const { fileColumn, labelColumn, header: said } = options;
  const usual = (names: readonly string[]) => {
    const name = names.find((each) => top.some((cell) => plain(cell) === each));
    return name === undefined ? -1 : top.findIndex((cell) => plain(cell) === name);
  };
  const byName = [fileColumn, labelColumn].some((column) => typeof column === 'string');
  const [usualFile, usualLabel] = [usual(FILE_NAMES), usual(LABEL_NAMES)];
  const header = said ?? (byName || (usualFile >= 0 && usualLabel >= 0) || (top.length >= 2 && !/\.\w{2,5}$/.test(top[0]!.trim())));
  const place = (column: Column | undefined, what: 'file' | 'label', guess: number, position: number): number => {
    const option = what === 'file' ? 'fileColumn' : 'labelColumn';
    const way = `say which with \`${option}\`: a name of the first line, or a number from 0`;
    if (column !== undefined) {
      const found = typeof column === 'number' ? column : top.findIndex((cell) => cell.trim() === column);
      if (Number.isInteger(found) && found >= 0 && found < top.length) return found;
      return failAbout({ who, path }, `must have a column ${printable(String(column), { maxLength: 40 })}, got ${listed(top)}; ${way}`);
    }
    if (header && guess >= 0) return guess;
    if (top.length === 2) return position;
    return failAbout(
      { who, path },
      `must have a column for the ${what}${header ? `, such as \`${what}\`` : ''}, got ${listed(top)}; ${way}`,
    );
  };
  const file = place(fileColumn, 'file', usualFile, labelColumn === 0 ? 1 : 0);
  const label = place(labelColumn, 'label', usualLabel, file === 1 ? 0 : 1);
  if (file === label) failAbout({ who, path }, 'must have files and labels in two columns; say which with `fileColumn` and `labelColumn`');
  return { file, label, header };
}

async function separated(text: string, options: LabelTableOptions, path: string): Promise<readonly LabelRow[]> {
  const { CsvError, parse } = await import('csv-parse/sync');
  const { delimiter, rest } = delimiterOf(text);
  const skipped = text.length > rest.length ? 1 : 0;
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(rest, { delimiter, info: true, skip_empty_lines: true, trim: true, record_delimiter: ['\r\n', '\n', '\r'] }) as never;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return failAbout({ who, path }, `is not understood: ${printable(error.message, { maxLength: 200 })}`, error);
  }
  const [first] = records;
  if (!first) return [];
  const { file, label, header } = findColumns(first.record, options, path);
  return records
    .slice(header ? 1 : 0)
    .map(({ record, info }) => ({ file: record[file]!, label: record[label]!, line: info.lines + skipped }));
}

function jsonLines(text: string, { fileColumn, labelColumn }: LabelTableOptions, path: string): readonly LabelRow[] {
  const rows: LabelRow[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    let object: unknown;
    try {
      object = JSON.parse(line);
    } catch (error) {
      return failAbout({ who, path }, `must have a JSON object on each line, but line ${i + 1} is not`, error);
    }
    if (typeof object !== 'object' || object === null || Array.isArray(object))
      return failAbout({ who, path }, `must have a JSON object on each line, but line ${i + 1} is not`);
    const valueOf = (given: Column | undefined, usual: readonly string[], option: string): string => {
      const keys = given === undefined ? usual : [String(given)];
      const key = keys.find((each) => Object.hasOwn(object, each));
      const found = key === undefined ? undefined : (object as Record<string, unknown>)[key];
      if (found === null) return '';
      if (typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean') return String(found).trim();
      return failAbout(
        { who, path },
        `must have a ${given === undefined ? usual[0]! : printable(String(given), { maxLength: 40 })} on each line, but line ${i + 1} has ${listed(Object.keys(object)) || 'nothing'}; say which key with \`${option}\``,
      );
    };
    rows.push({
      file: valueOf(fileColumn, FILE_NAMES, 'fileColumn'),
      label: valueOf(labelColumn, LABEL_NAMES, 'labelColumn'),
      line: i + 1,
    });
  }
  return rows;
}

/**
 * Reads a table of labels: a line for each file, with its class.
 *
 * @param path a `.csv`, `.tsv`, `.txt`, `.jsonl` or `.ndjson`; commas, semicolons or tabs between the columns, quotes as Excel writes them, UTF-8 with or without
 * a byte order mark, or UTF-16 as Excel writes "Unicode text"
 * @param options see {@link LabelTableOptions}
 * @returns see {@link LabelTable}
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be read or understood, has no row, or a row without a file
 * @example
 * ```ts
 * import { matchLabels, readLabelTable } from '@selfsup/data/node';
 * const table = await readLabelTable('labels.csv');
 * const { labels, classNames } = matchLabels(table, ['photos/a.jpg', 'photos/b.jpg'], { folder: 'photos' });
 * ```
 */
export async function readLabelTable(path: string, options: LabelTableOptions = {}): Promise<LabelTable> {
  if (!isLabelTable(path))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: a table of labels must end in .csv, .tsv, .txt, .jsonl or .ndjson, got ${printable(path)}`,
    );
  const { maxBytes = MAX_BYTES } = options;
  const text = decode(await readFileWithin(path, { who, maxBytes }), path);
  const rows = /l$|ndjson$/i.test(parsePath(path).ext) ? jsonLines(text, options, path) : await separated(text, options, path);
  const nameless = rows.find(({ file }) => file === '');
  if (nameless) failAbout({ who, path }, `must have a file in each row, but line ${nameless.line} has none`);
  const labeled = rows.filter(({ label }) => label !== '');
  if (labeled.length === 0)
    failAbout(
      { who, path },
      `has no labels${rows.length > 0 ? `, the label is empty in each of ${rows.length} rows` : ''}; write a line for each file and its class, such as: a.jpg,hat`,
    );
  return { path, rows: labeled, empty: rows.length - labeled.length };
}

/** What {@link matchLabels} finds. */
export interface MatchedLabels {
  /** `[files]`: the class of each, an index into `classNames`; -1 where the table has none. */
  readonly labels: Int32Array;
  /** The classes of the table, sorted. */
  readonly classNames: readonly string[];
  /** How many files have a label. */
  readonly labeled: number;
  /** How many have none. */
  readonly unlabeled: number;
}

const normalize = (file: string) => file.trim().replace(/\\/g, '/').replace(/^(\.\/)+/, '').normalize('NFC'); // prettier-ignore
const named = (rows: readonly LabelRow[]) =>
  `${rows.slice(0, 3).map(({ file, line }) => `${printable(file, { maxLength: 80 })} (line ${line})`).join(', ')}${rows.length > 3 ? ', …' : ''}`; // prettier-ignore

/**
 * Finds the files that the rows of a table of labels are about.
 *
 * @param table from {@link readLabelTable}
 * @param files paths of the files that there are
 * @param options `folder`: what the paths in the table are relative to. A row also finds its file by an absolute path, or by the end of its path where only one
 * file ends so, such as by the name alone
 * @returns see {@link MatchedLabels}
 * @throws SelfsupError `SELFSUP_DATA` naming the first rows whose file is not there, fits several files, or has two labels; or when all are of one class
 */
export function matchLabels(table: LabelTable, files: readonly string[], { folder }: { folder: string }): MatchedLabels {
  const { path, rows } = table;
  const byPath = new Map<string, number>();
  const byEnd = new Map<string, number[]>();
  for (const [i, file] of files.entries()) {
    byPath.set(normalize(resolve(file)), i);
    const parts = normalize(relative(folder, file)).split('/');
    byPath.set(parts.join('/'), i);
    for (let from = 0; from < parts.length; from++) {
      const end = parts.slice(from).join('/');
      const found = byEnd.get(end);
      if (found) found.push(i);
      else byEnd.set(end, [i]);
    }
  }
  const unknown: LabelRow[] = [];
  const unclear: LabelRow[] = [];
  const conflicting: LabelRow[] = [];
  const given = new Map<number, string>();
  for (const row of rows) {
    const file = normalize(row.file);
    const base = normalize(relative(folder, resolve(row.file))); // `photos/a.jpg` beside the folder `photos`
    const ends = byEnd.get(file) ?? [];
    const found = byPath.get(file) ?? byPath.get(base) ?? (ends.length === 1 ? ends[0] : undefined);
    if (found === undefined) (ends.length > 1 ? unclear : unknown).push(row);
    else if ((given.get(found) ?? row.label) !== row.label) conflicting.push(row);
    else given.set(found, row.label);
  }
  const fail = (what: string) => failAbout({ who: 'matchLabels', path }, what);
  const example = printable(files[0] === undefined ? '' : relative(folder, files[0]).replace(/^(\.\.[\\/])+/, ''), { maxLength: 80 });
  if (unknown.length > 0)
    fail(
      `has ${unknown.length} of ${rows.length} rows whose file is not in ${printable(folder)}: ${named(unknown)}; write the paths relative to that folder, where one is ${example}, or take the rows out`,
    );
  if (unclear.length > 0)
    fail(
      `has ${unclear.length === 1 ? 'a row that fits' : `${unclear.length} rows that fit`} several files: ${named(unclear)}; write their paths relative to ${printable(folder)}`,
    );
  if (conflicting.length > 0)
    fail(
      `has two labels for ${conflicting.length === 1 ? 'a file' : `${conflicting.length} files`}: ${named(conflicting)}; leave one for each`,
    );
  const classNames = [...new Set(given.values())].sort();
  if (classNames.length < 2)
    fail(`has one class only, '${printable(classNames[0] ?? '', { maxLength: 60 })}'; a classifier needs labels of at least two`);
  const labels = new Int32Array(files.length).fill(-1);
  for (const [i, label] of given) labels[i] = classNames.indexOf(label);
  return { labels, classNames, labeled: given.size, unlabeled: files.length - given.size };
}

import { printable } from '@selfsup/core';
import { Readable } from 'node:stream';
import {
  columnsOf,
  failAbout,
  LABEL_NAMES,
  pickColumns,
  TEXT_NAMES,
  TITLED,
  type Asking,
  type Column,
  type ColumnOptions,
} from './pick-columns.ts';

/** How a table is written. */
export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet';

/** A row of a table. */
export interface TableRow {
  readonly text: string;
  /** Empty where none is asked for. */
  readonly label: string;
  /** For messages, from 1. */
  readonly line: number;
  /** Whether the columns were taken because nothing else was said. */
  readonly assumed: boolean;
}

/** The format of a table by its name; undefined for other files. */
export function tableFormatOf(path: string): TableFormat | undefined {
  const ending = /\.(tsv|csv|jsonl|ndjson|parquet)$/i.exec(path)?.[1]?.toLowerCase();
  return ending === 'ndjson' ? 'jsonl' : (ending as TableFormat | undefined);
}

const JOINT = '\n';

/** Rows of comma- or tab-separated values, by csv-parse. Quotes mean nothing in tab-separated files: there is nothing that they would protect. */
async function* separatedRows(
  pieces: AsyncIterable<string>,
  options: ColumnOptions & Asking & { delimiter: ',' | '\t' },
): AsyncGenerator<TableRow> {
  const { CsvError, parse } = await import('csv-parse');
  const { delimiter } = options;
  const parser = parse({
    delimiter,
    quote: delimiter === ',' ? '"' : null,
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true,
    skip_empty_lines: true,
  });
  const source = Readable.from(pieces, { objectMode: true });
  let failed: Error | undefined; // what ails the source is not the fault of the table
  source.on('error', (error: Error) => {
    failed = error;
    parser.destroy(error);
  });
  let columns: ReturnType<typeof pickColumns> | undefined;
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (!columns) {
        columns = pickColumns(record, options, options);
        if (columns.header) continue;
      }
      const { text, label, assumed } = columns;
      yield {
        text: text.map((place) => record[place]!).join(JOINT),
        label: label === undefined ? '' : record[label]!,
        line: info.lines,
        assumed,
      };
    }
  } catch (error) {
    if (failed !== undefined) throw failed;
    if (!(error instanceof CsvError)) throw error;
    failAbout(options, `is not understood: ${printable(error.message, { maxLength: 200 })}`, error);
  } finally {
    source.destroy();
  }
}

/** Lines of a text that comes in pieces. */
async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let open: string[] = [];
  for await (const piece of pieces) {
    const lines = piece.split('\n');
    open.push(lines[0]!);
    if (lines.length === 1) continue;
    yield open.join('');
    yield* lines.slice(1, -1);
    open = [lines.at(-1)!];
  }
  yield open.join('');
}

/** Rows of JSON, an object on each line. */
async function* jsonRows(pieces: AsyncIterable<string>, options: ColumnOptions & Asking): AsyncGenerator<TableRow> {
  const { textColumn, labelColumn, labeled } = options;
  let number = 0;
  for await (const line of linesOf(pieces)) {
    number++;
    if (line.trim() === '') continue;
    let object: unknown;
    try {
      object = JSON.parse(line);
    } catch (error) {
      return failAbout(
        options,
        `must have a JSON object on each line, but line ${number} is not: ${printable((error as Error).message, { maxLength: 120 })}`,
        error,
      );
    }
    if (typeof object !== 'object' || object === null || Array.isArray(object))
      return failAbout(options, `must have a JSON object on each line, but line ${number} is not`);
    const has = (key: Column) => Object.hasOwn(object, String(key));
    const valueOf = (keys: readonly Column[]): string => {
      const key = keys.find(has);
      const found = key === undefined ? undefined : (object as Record<string, unknown>)[String(key)];
      if (typeof found === 'string') return found;
      if (typeof found === 'number' || typeof found === 'boolean') return String(found);
      const names = Object.keys(object).map((name) => printable(name, { maxLength: 40 }));
      return failAbout(
        options,
        `must have a ${keys.map((each) => printable(String(each), { maxLength: 40 })).join(', ')} on each line, but line ${number} has ${names.slice(0, 12).join(', ') || 'nothing'}`,
      );
    };
    const texts =
      textColumn !== undefined
        ? columnsOf(textColumn).map((column) => valueOf([column]))
        : !TEXT_NAMES.some(has) && TITLED.every(has)
          ? TITLED.map((name) => valueOf([name]))
          : [valueOf(TEXT_NAMES)];
    const label = labeled ? valueOf(labelColumn === undefined ? LABEL_NAMES : [labelColumn]) : '';
    yield { text: texts.join(JOINT), label, line: number, assumed: false };
  }
}

/**
 * Reads the rows of a table that comes in pieces of text.
 *
 * @param pieces its text, without a byte order mark
 * @param options its format, which is one of text, the columns, and who asks
 * @throws SelfsupError `SELFSUP_DATA` on a table that is damaged or lacks the columns, with the line
 */
export function readTable(
  pieces: AsyncIterable<string>,
  options: ColumnOptions & Asking & { format: Exclude<TableFormat, 'parquet'> },
): AsyncGenerator<TableRow> {
  const { format } = options;
  return format === 'jsonl' ? jsonRows(pieces, options) : separatedRows(pieces, { ...options, delimiter: format === 'csv' ? ',' : '\t' });
}

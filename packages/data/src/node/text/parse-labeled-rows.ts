import { SelfsupError } from '@selfsup/core';

/** A text and its class as a file has them. */
export interface LabeledRow {
  readonly text: string;
  readonly label: string;
  /** For messages, from 1. */
  readonly line: number;
}

/** Which columns, or keys, hold what. */
export interface ColumnOptions {
  /** The name of the column, or its number from 0. */
  readonly textColumn?: string | number | undefined;
  readonly labelColumn?: string | number | undefined;
}

const TEXT_NAMES = ['text', 'sentence', 'question', 'review', 'content'];
const LABEL_NAMES = ['label', 'class', 'category', 'sentiment', 'target'];

const fail = (path: string, what: string, cause?: unknown): never => {
  throw new SelfsupError('SELFSUP_DATA', `openLabeledText: ${path} ${what}`, cause === undefined ? undefined : { cause });
};
const named = (names: readonly string[], wanted: readonly string[]) =>
  names.findIndex((name) => wanted.includes(name.trim().toLowerCase()));

function columnOf(
  path: string,
  header: readonly string[] | undefined,
  find: { what: string; column: string | number | undefined; usual: string[]; place: number; width: number },
): number {
  // prettier-ignore
  const { what, column, usual, place, width } = find;
  if (typeof column === 'number') {
    if (!Number.isInteger(column) || column < 0 || column >= width)
      fail(path, `must have the ${what} in column ${column} (from 0), but has ${width} columns`);
    return column;
  }
  const hint = `say which with \`${what}Column\`: a name of the first line, or a number from 0`;
  if (header) {
    const found = column === undefined ? named(header, usual) : header.indexOf(column);
    return found >= 0 ? found : fail(path, `must have a column ${column ?? usual.join(', ')}, got ${header.join(', ')}; ${hint}`);
  }
  return width === 2
    ? place
    : fail(path, `must have two columns, text and label, or names in its first line, got ${width} columns; ${hint}`);
}

/** Rows of comma- or tab-separated values, by csv-parse. Quotes mean nothing in tab-separated files: there is nothing that they would protect. */
export async function parseSeparated(
  text: string,
  path: string,
  options: ColumnOptions & { delimiter: ',' | '\t' },
): Promise<LabeledRow[]> {
  const { parse } = await import('csv-parse/sync');
  const { delimiter, textColumn, labelColumn } = options;
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      delimiter,
      quote: delimiter === ',' ? '"' : null,
      record_delimiter: ['\r\n', '\n', '\r'],
      info: true,
      bom: true,
      skip_empty_lines: true,
    }) as unknown as typeof records;
  } catch (error) {
    return fail(path, `is not understood: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const top = records[0]?.record;
  if (!top) return [];
  const byName = typeof textColumn === 'string' || typeof labelColumn === 'string';
  const header = byName || named(top, LABEL_NAMES) >= 0 ? top : undefined;
  const width = top.length;
  const t = columnOf(path, header, { what: 'text', column: textColumn, usual: TEXT_NAMES, place: 0, width });
  const l = columnOf(path, header, { what: 'label', column: labelColumn, usual: LABEL_NAMES, place: 1, width });
  return records.slice(header ? 1 : 0).map(({ record, info }) => ({ text: record[t]!, label: record[l]!, line: info.lines }));
}

/** Rows of JSON, an object on each line. */
export function parseJsonLines(text: string, path: string, { textColumn, labelColumn }: ColumnOptions): LabeledRow[] {
  const rows: LabeledRow[] = [];
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    let object: unknown;
    try {
      object = JSON.parse(line);
    } catch (error) {
      return fail(
        path,
        `must have a JSON object on each line, but line ${i + 1} is none: ${error instanceof Error ? error.message : ''}`,
        error,
      );
    }
    if (typeof object !== 'object' || object === null || Array.isArray(object))
      return fail(path, `must have a JSON object on each line, but line ${i + 1} is none`);
    const value = (key: string | number | undefined, usual: string[]): string => {
      const keys = key === undefined ? usual : [String(key)];
      const found = keys.map((k) => (object as Record<string, unknown>)[k]).find((v) => v !== undefined);
      if (typeof found === 'string') return found;
      if (typeof found === 'number' || typeof found === 'boolean') return String(found);
      return fail(
        path,
        `must have a ${keys.join(', ')} on each line, but line ${i + 1} has ${Object.keys(object).join(', ') || 'nothing'}`,
      );
    };
    rows.push({ text: value(textColumn, TEXT_NAMES), label: value(labelColumn, LABEL_NAMES), line: i + 1 });
  }
  return rows;
}

/** Rows of TREC's question classification: `COARSE:fine text`. */
export function parseTrec(text: string, path: string, fine: boolean): LabeledRow[] {
  const rows: LabeledRow[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const match = /^(([A-Z]+):\w+)\s+(.*\S)\s*$/.exec(line);
    if (!match) return fail(path, `must have lines such as LOC:city What is …, but line ${i + 1} is ${JSON.stringify(line.slice(0, 60))}`);
    rows.push({ text: match[3]!, label: (fine ? match[1] : match[2])!, line: i + 1 });
  }
  return rows;
}

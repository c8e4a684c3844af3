import { SelfsupError } from '@selfsup/core';

/** Options of {@link parseCsv}. */
export interface ParseCsvOptions {
  /** As the file is called in messages. */
  readonly name: string;
  /** The columns that are channels, by name; default all but the label's and the recording's. */
  readonly columns?: readonly string[] | undefined;
  /** The column with the class of each row; default none. */
  readonly labelColumn?: string | undefined;
  /** The column that tells recordings apart, such as a session's number; default none. */
  readonly recordingColumn?: string | undefined;
}

/** Rows of a file that follow each other and have one label and one recording. */
export interface CsvSegment {
  readonly label?: string | undefined;
  readonly recording?: string | undefined;
  /** `[steps, channels]` row by row. */
  readonly values: Float32Array;
}

/** What {@link parseCsv} gives. */
export interface ParsedCsv {
  readonly channelNames: readonly string[];
  readonly segments: readonly CsvSegment[];
}

/** The cells of a line; those in quotes may hold the delimiter. */
function cellsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i]!;
    if (letter === '"' && quoted && line[i + 1] === '"') cell += line[++i]!;
    else if (letter === '"') quoted = !quoted;
    else if (letter === delimiter && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += letter;
  }
  return [...cells, cell.trim()];
}

const delimiterOf = (line: string): string => [',', ';', '\t'].find((delimiter) => line.includes(delimiter)) ?? ',';

const isNumber = (cell: string): boolean => cell !== '' && Number.isFinite(Number(cell));

/**
 * Reads a table of numbers: a row is a time step, a column a channel. The first line may hold the names of the columns; without one they are called `1`, `2`, …
 *
 * @param text the content of a file, with commas, semicolons or tabs between the cells and a point in the numbers
 * @param options see {@link ParseCsvOptions}
 * @returns rows that follow each other as long as label and recording stay the same, in the order of the file
 * @throws SelfsupError `SELFSUP_DATA` when there is no row, a column is missing, or a cell of a channel is not a number
 */
export function parseCsv(text: string, options: ParseCsvOptions): ParsedCsv {
  const { name, columns, labelColumn, recordingColumn } = options;
  const fail = (message: string): never => {
    throw new SelfsupError('SELFSUP_DATA', `${name}: ${message}`);
  };
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first < 0) return fail('the file is empty');
  const delimiter = delimiterOf(lines[first]!);
  const head = cellsOf(lines[first]!, delimiter);
  const hasHead = !head.some(isNumber);
  const names = hasHead ? head : head.map((_, i) => String(i + 1));
  const find = (column: string): number => {
    const at = names.indexOf(column);
    return at >= 0 ? at : fail(`there is no column '${column}'; there are ${names.join(', ')}`);
  };
  const [labelAt, recordingAt] = [labelColumn, recordingColumn].map((column) => (column === undefined ? undefined : find(column)));
  const channels = columns?.map(find) ?? names.map((_, i) => i).filter((i) => i !== labelAt && i !== recordingAt);
  if (channels.length === 0) return fail('there is no column for a channel');

  const segments: { label?: string | undefined; recording?: string | undefined; values: number[] }[] = [];
  for (let row = first + (hasHead ? 1 : 0); row < lines.length; row++) {
    const line = lines[row]!;
    if (line.trim() === '') continue;
    const cells = cellsOf(line, delimiter);
    if (cells.length !== names.length) return fail(`line ${row + 1} must have ${names.length} cells, got ${cells.length}`);
    const [label, recording] = [labelAt, recordingAt].map((at) => (at === undefined ? undefined : cells[at]!));
    let segment = segments.at(-1);
    if (segment?.label !== label || segment?.recording !== recording || !segment)
      segments.push((segment = { label, recording, values: [] }));
    for (const at of channels) {
      const cell = cells[at]!;
      if (!isNumber(cell)) return fail(`line ${row + 1}: '${names[at]}' must be a number, got '${cell}'`);
      segment.values.push(Number(cell));
    }
  }
  if (segments.length === 0) return fail('there are no rows below the names of the columns');
  return {
    channelNames: channels.map((at) => names[at]!),
    segments: segments.map(({ values, ...segment }) => ({ ...segment, values: Float32Array.from(values) })),
  };
}

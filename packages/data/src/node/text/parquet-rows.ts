import { openParquet } from '../parquet/open-parquet.ts';
import { failAbout, pickColumns, type Asking, type ColumnOptions } from './pick-columns.ts';
import type { TableRow } from './read-table.ts';

/** Rows that are read at once. */
const ROWS = 4096;

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : undefined; // prettier-ignore

/**
 * Reads the rows of a Parquet file of texts. A label that is a number has the name that Hugging Face's `datasets` wrote down for it.
 *
 * @param path the file
 * @param options the columns, and who asks; `onRows`: told how many of all rows were read
 * @returns the rows; an empty text where there is none
 * @throws SelfsupError `SELFSUP_DATA` on a file that is damaged or lacks the columns, with the row
 */
export async function* parquetRows(
  path: string,
  options: ColumnOptions & Asking & { onRows?: (rows: number, numRows: number) => void },
): AsyncGenerator<TableRow> {
  const { who, onRows } = options;
  const file = await openParquet(path, who);
  const names = file.columns.map(({ name }) => name);
  const { text, label } = pickColumns(names, { ...options, header: true }, options);
  const wanted = [...new Set([...text, ...(label === undefined ? [] : [label])])].map((place) => file.columns[place]!);
  for (const { name, kind } of wanted)
    if (kind === 'images' || kind === 'other')
      failAbout(options, `must have text in the column ${name}, which holds ${kind === 'images' ? 'bytes' : 'something else'}`);
  for (const { name } of wanted) file.blocksOf(name); // known compression
  const classNames = label === undefined ? undefined : file.columns[label]!.classNames;
  for (let first = 0; first < file.numRows; first += ROWS) {
    const rows = Math.min(ROWS, file.numRows - first);
    const found = await file.read(wanted.map(({ name }) => name), { first, rows }); // prettier-ignore
    for (const [i, row] of found.entries()) {
      const line = first + i + 1;
      const value =
        label === undefined
          ? ''
          : (textOf(row[names[label]!]) ?? failAbout(options, `must have a label in each row, but row ${line} has none`));
      yield {
        text: text.map((place) => textOf(row[names[place]!]) ?? '').join('\n'),
        label: classNames?.[Number(value)] ?? value,
        line,
        assumed: false,
      };
    }
    onRows?.(first + rows, file.numRows);
  }
}

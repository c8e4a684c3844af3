import { printable } from '@selfsup/core';
import { dirname, isAbsolute, resolve } from 'node:path';
import { readPieces } from '../text/read-pieces.ts';
import { failAbout, LABEL_NAMES, listed, type Column } from '../text/pick-columns.ts';
import { CAPTION_NAMES, IMAGE_NAMES, partOf, type PairRow } from './pair-row.ts';

/** Where images, texts and classes stand in a table. */
export interface PairColumns {
  /** The column of the images, by its name in the first line (a key in JSON) or by its number from 0; default one with a usual name, or the first of two. */
  readonly imageColumn?: Column | undefined;
  /** The column of the texts; default one with a usual name, or the second of two. */
  readonly textColumn?: Column | undefined;
  /** The column of the classes of the images, by which zero-shot classification is measured; default one with a usual name, or none. */
  readonly labelColumn?: Column | undefined;
  /** Whether the first line has names; default where it looks so. */
  readonly header?: boolean | undefined;
}

/** Cells of a row by what they are. */
interface Cells {
  readonly image: string;
  readonly caption: string;
  readonly label: string;
  readonly split: string;
  readonly line: number;
}

/** Endings of files that are tables of pairs. */
const TABLE = /\.(csv|tsv|jsonl|ndjson)$/i;
const who = 'openImageTexts';
const SPLIT_NAMES = ['split', 'part', 'subset'];

/** Whether a file is a table by its name. */
export const isPairTable = (path: string): boolean => TABLE.test(path);

const plain = (name: string) => name.trim().toLowerCase();
const usual = (names: readonly string[], known: readonly string[]): number => {
  const found = known.find((name) => names.some((each) => plain(each) === name));
  return found === undefined ? -1 : names.findIndex((each) => plain(each) === found);
};

/** Where everything stands in rows of cells, and whether the first row is names. */
export function findPairColumns(top: readonly string[], columns: PairColumns, path: string) {
  const { imageColumn, textColumn, labelColumn } = columns;
  const [image, caption] = [usual(top, IMAGE_NAMES), usual(top, CAPTION_NAMES)];
  const byName = [imageColumn, textColumn, labelColumn].some((column) => typeof column === 'string');
  const isFile = (cell = '') => /\.\w{2,5}$/.test(cell.trim());
  const header =
    columns.header ?? (byName || (image >= 0 && caption >= 0) || !isFile(top[typeof imageColumn === 'number' ? imageColumn : 0]));
  const place = (column: Column | undefined, option: 'imageColumn' | 'textColumn' | 'labelColumn', guess: number): number => {
    const way = `say which with \`${option}\`: a name of the first line, or a number from 0`;
    if (column !== undefined) {
      const found = typeof column === 'number' ? column : top.findIndex((cell) => cell.trim() === column);
      if (Number.isInteger(found) && found >= 0 && found < top.length) return found;
      return failAbout({ who, path }, `must have a column ${printable(String(column), { maxLength: 40 })}, got ${listed(top)}; ${way}`);
    }
    if (guess >= 0) return guess;
    return failAbout(
      { who, path },
      `must have a column of ${option === 'imageColumn' ? 'images, such as `image`' : 'texts, such as `caption`'}, got ${listed(top)}; ${way}`,
    );
  };
  const guesses = header ? [image, caption] : top.length === 2 ? [0, 1] : [-1, -1];
  const found = { image: place(imageColumn, 'imageColumn', guesses[0]!), caption: place(textColumn, 'textColumn', guesses[1]!) };
  const label = labelColumn === undefined ? (header ? usual(top, LABEL_NAMES) : -1) : place(labelColumn, 'labelColumn', -1);
  return { ...found, label, split: header ? usual(top, SPLIT_NAMES) : -1, header };
}

async function* separated(pieces: AsyncIterable<string>, columns: PairColumns, path: string): AsyncGenerator<Cells> {
  const [{ CsvError, parse }, { Readable }] = await Promise.all([import('csv-parse'), import('node:stream')]);
  const isTabs = /\.tsv$/i.test(path);
  const parser = parse({ delimiter: isTabs ? '\t' : ',', quote: isTabs ? null : '"', record_delimiter: ['\r\n', '\n', '\r'], info: true, skip_empty_lines: true }); // prettier-ignore
  const source = Readable.from(pieces, { objectMode: true });
  let failed: Error | undefined; // what ails the source is not the fault of the table
  source.on('error', (error: Error) => {
    failed = error;
    parser.destroy(error);
  });
  let found: ReturnType<typeof findPairColumns> | undefined;
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const isFirst = found === undefined;
      found ??= findPairColumns(record, columns, path);
      if (isFirst && found.header) continue;
      const at = (column: number) => (column < 0 ? '' : record[column]!);
      yield { image: at(found.image), caption: at(found.caption), label: at(found.label), split: at(found.split), line: info.lines };
    }
  } catch (error) {
    if (failed !== undefined) throw failed;
    if (!(error instanceof CsvError)) throw error;
    failAbout({ who, path }, `is not understood: ${printable(error.message, { maxLength: 200 })}`, error);
  } finally {
    source.destroy();
  }
}

/** The rows of a JSON line: of several texts in a list each is one; an empty list is a row without a text. */
function cellsOf(
  object: Readonly<Record<string, unknown>>,
  { imageColumn, textColumn, labelColumn }: PairColumns,
  where: { path: string; line: number },
): readonly Cells[] {
  const { path, line } = where;
  const valueOf = (given: Column | undefined, known: readonly string[]): unknown => {
    const key = (given === undefined ? known : [String(given)]).find((each) => Object.hasOwn(object, each));
    return key === undefined ? undefined : object[key];
  };
  const textOf = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  const captions = valueOf(textColumn, CAPTION_NAMES);
  const [image, label, split] = [valueOf(imageColumn, IMAGE_NAMES), valueOf(labelColumn, LABEL_NAMES), valueOf(undefined, SPLIT_NAMES)].map(textOf) as [string, string, string]; // prettier-ignore
  if (image === '' || captions === undefined)
    return failAbout(
      { who, path },
      `must have an image and a caption on each line, but line ${line} has ${listed(Object.keys(object)) || 'nothing'}; say which keys with \`imageColumn\` and \`textColumn\``,
    );
  const texts: readonly unknown[] = Array.isArray(captions) && captions.length > 0 ? captions : [captions];
  return texts.map((caption) => ({ image, caption: textOf(caption), label, split, line }));
}

async function* jsonLines(pieces: AsyncIterable<string>, columns: PairColumns, path: string): AsyncGenerator<Cells> {
  let rest = '';
  let line = 0;
  const parsed = (text: string): readonly Cells[] => {
    line++;
    if (text.trim() === '') return [];
    let object: unknown;
    try {
      object = JSON.parse(text);
    } catch (error) {
      return failAbout({ who, path }, `must have a JSON object on each line, but line ${line} is not`, error);
    }
    if (typeof object !== 'object' || object === null || Array.isArray(object))
      return failAbout({ who, path }, `must have a JSON object on each line, but line ${line} is not`);
    return cellsOf(object as Record<string, unknown>, columns, { path, line });
  };
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    for (const text of lines) yield* parsed(text);
  }
  yield* parsed(rest);
}

/**
 * Reads a table of pairs: a row for each image and its text; the paths of images are relative to the table.
 *
 * @param path a `.csv`, `.tsv`, `.jsonl` or `.ndjson`
 * @param options see {@link PairColumns}; `mostOf`: at most so many rows, to look into it; default all
 * @returns the rows, in order; those without a text are counted in `empty`
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be read or understood, lacks the columns, or an image is an address
 */
export async function readPairTable(
  path: string,
  { mostOf = Infinity, ...columns }: PairColumns & { mostOf?: number } = {},
): Promise<{ rows: PairRow[]; empty: number }> {
  async function* pieces() {
    for await (const { text } of readPieces(path, { who, encoding: 'utf-8', hint: ', in Excel by saving it as "CSV UTF-8"' })) yield text;
  }
  const cells = TABLE.exec(path)![1]!.toLowerCase().endsWith('sv')
    ? separated(pieces(), columns, path)
    : jsonLines(pieces(), columns, path);
  const folder = dirname(path);
  const rows: PairRow[] = [];
  let empty = 0;
  for await (const { image, caption, label, split, line } of cells) {
    if (rows.length >= mostOf) break;
    const [name, text] = [image.trim(), caption.trim()];
    if (/^[a-z][a-z\d+.-]+:\/\//i.test(name))
      failAbout(
        { who, path },
        `must name files, but line ${line} has the address ${printable(name, { maxLength: 80 })}; download the images first`,
      );
    if (name === '') failAbout({ who, path }, `must have an image in each row, but line ${line} has none`);
    if (text === '') empty++;
    else
      rows.push({
        file: { path: isAbsolute(name) ? name : resolve(folder, name.replace(/\\/g, '/')) },
        caption: text,
        label: label.trim(),
        part: partOf(split),
      });
  }
  return { rows, empty };
}

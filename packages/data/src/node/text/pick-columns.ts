import { printable, SelfsupError } from '@selfsup/core';

/** A column by its name in the first line (a key in JSON), or by its number from 0. */
export type Column = string | number;

/** Which columns hold what. */
export interface ColumnOptions {
  /** The column of the text, or several, whose contents are joined with a line end. */
  readonly textColumn?: Column | readonly Column[] | undefined;
  readonly labelColumn?: Column | undefined;
  /** Whether the first line has names. */
  readonly header?: boolean | undefined;
}

/** Who asks, about which file, for messages. */
export interface Asking {
  readonly who: string;
  readonly path: string;
  /** Whether there must be a label. */
  readonly labeled: boolean;
}

/** Where text and label are, by number. */
export interface PickedColumns {
  readonly text: readonly number[];
  /** Undefined where none is asked for. */
  readonly label: number | undefined;
  /** Whether the first row is names. */
  readonly header: boolean;
  /** Whether the columns were taken because nothing else was said: what they hold may be something else. */
  readonly assumed: boolean;
}

/** Usual names of a column of texts, in the order in which they are looked for. */
export const TEXT_NAMES = ['text', 'sentence', 'question', 'review', 'content', 'body', 'message', 'comment'];
/** Usual names of a column of labels. */
export const LABEL_NAMES = ['label', 'class', 'class index', 'class_index', 'category', 'sentiment', 'target', 'intent', 'topic'];
/** Columns that make one text together. */
export const TITLED = ['title', 'description'];

const HINT = {
  text: "say which with `textColumn`: a name of the first line, a number from 0, or several of them such as ['title', 'body']",
  label: 'say which with `labelColumn`: a name of the first line, or a number from 0',
};

/** The columns in a list, for a message. */
export const listed = (names: readonly string[]): string =>
  names.slice(0, 12).map((name) => printable(name, { maxLength: 40 })).join(', ') + (names.length > 12 ? ', …' : ''); // prettier-ignore

/** Fails about a file. */
export function failAbout({ who, path }: Pick<Asking, 'who' | 'path'>, what: string, cause?: unknown): never {
  throw new SelfsupError('SELFSUP_DATA', `${who}: ${printable(path)} ${what}`, cause === undefined ? undefined : { cause });
}

/** Several columns as a list. */
export const columnsOf = (column: Column | readonly Column[]): readonly Column[] =>
  typeof column === 'string' || typeof column === 'number' ? [column] : column;

const plain = (name: string) => name.trim().toLowerCase();
const indexOfUsual = (names: readonly string[], usual: readonly string[]) => {
  const found = usual.find((name) => names.some((each) => plain(each) === name));
  return found === undefined ? -1 : names.findIndex((each) => plain(each) === found);
};

/**
 * Finds the columns of text and label in the first row of a table.
 *
 * @throws SelfsupError `SELFSUP_DATA` when they are not there or cannot be told apart
 */
export function pickColumns(top: readonly string[], options: ColumnOptions, asking: Asking): PickedColumns {
  const { textColumn, labelColumn } = options;
  const given = [...(textColumn === undefined ? [] : columnsOf(textColumn)), ...(labelColumn === undefined ? [] : [labelColumn])];
  const byName = given.some((column) => typeof column === 'string');
  const titled = TITLED.map((name) => indexOfUsual(top, [name]));
  const usualLabel = indexOfUsual(top, LABEL_NAMES);
  const usualText = indexOfUsual(top, TEXT_NAMES);
  const header = options.header ?? (byName || (asking.labeled ? usualLabel >= 0 : usualText >= 0 || titled.every((place) => place >= 0)));
  if (byName && !header) failAbout(asking, 'has no names in its first line (`header` is false), so columns must be numbers from 0');

  const resolve = (column: Column, what: 'text' | 'label'): number => {
    const place = typeof column === 'number' ? column : top.indexOf(column);
    if (Number.isInteger(place) && place >= 0 && place < top.length) return place;
    if (typeof column === 'number')
      return failAbout(asking, `must have the ${what} in column ${column} (from 0), but has ${top.length} columns; ${HINT[what]}`);
    return failAbout(asking, `must have a column ${printable(column, { maxLength: 40 })}, got ${listed(top)}; ${HINT[what]}`);
  };
  const missing = (what: 'text' | 'label', usual: readonly string[]): never =>
    header
      ? failAbout(asking, `must have a column ${usual.join(', ')}, got ${listed(top)}; ${HINT[what]}`)
      : failAbout(
          asking,
          asking.labeled
            ? `must have two columns, text and label, or names in its first line, got ${top.length} columns; ${HINT.text}, and the label with \`labelColumn\``
            : `must have one column, or names in its first line, got ${top.length} columns; ${HINT.text}`,
        );

  const label = !asking.labeled
    ? undefined
    : labelColumn !== undefined
      ? resolve(labelColumn, 'label')
      : header
        ? usualLabel
        : top.length === 2
          ? textColumn === undefined || columnsOf(textColumn).length > 1
            ? 1
            : 1 - resolve(columnsOf(textColumn)[0]!, 'text')
          : -1;
  if (label !== undefined && label < 0) return missing('label', LABEL_NAMES);
  if (textColumn !== undefined) {
    const text = columnsOf(textColumn).map((column) => resolve(column, 'text'));
    if (text.length === 0) failAbout(asking, `must have a column of texts, but \`textColumn\` is an empty list; ${HINT.text}`);
    return { text, label, header, assumed: asking.labeled && !header && labelColumn === undefined };
  }
  const text = header
    ? usualText >= 0
      ? [usualText]
      : titled.every((place) => place >= 0)
        ? titled
        : []
    : top.length === 2 && label !== undefined
      ? [1 - label]
      : top.length === 1 && !asking.labeled
        ? [0]
        : [];
  if (text.length === 0) return missing('text', TEXT_NAMES);
  return { text, label, header, assumed: asking.labeled && !header && labelColumn === undefined };
}
